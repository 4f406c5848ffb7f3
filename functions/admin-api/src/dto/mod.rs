//! What stands in bodies: requests, read strictly, and answers. None of them derives `Debug`, since they hold names and
//! addresses in the clear.

pub(crate) mod api_key;
pub(crate) mod attempt;
pub(crate) mod business;
pub(crate) mod contact;
pub(crate) mod credit;
pub(crate) mod draft;
pub(crate) mod invoice;
pub(crate) mod journal;
pub(crate) mod line;
pub(crate) mod me;
pub(crate) mod message;
pub(crate) mod payment;
pub(crate) mod product;
pub(crate) mod value;

use crate::problem::ApiProblem;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

macro_rules! list {
    ($(#[$says:meta])* $name:ident of $row:ty) => {
        $(#[$says])*
        #[derive(Serialize, ToSchema)]
        pub(crate) struct $name {
            /// The rows.
            pub data: Vec<$row>,
            /// Give this as `cursor` for the next rows; null at the end of the list.
            pub next_cursor: Option<String>,
        }

        impl $name {
            /// The rows, and where the next begin.
            pub fn new<'a, R: 'a>(rows: &'a [R], next_cursor: Option<String>) -> Self
            where
                $row: From<&'a R>,
            {
                Self { data: rows.iter().map(<$row>::from).collect(), next_cursor }
            }
        }
    };
}

list! {
    /// Some API keys.
    ApiKeyList of api_key::ApiKeyBody
}
list! {
    /// Some contacts.
    ContactList of contact::ContactRow
}
list! {
    /// Some products.
    ProductList of product::ProductBody
}
list! {
    /// Some invoices.
    InvoiceList of invoice::InvoiceRow
}
list! {
    /// Some attempts.
    AttemptList of attempt::AttemptBody
}
list! {
    /// A contact's credits.
    CreditList of credit::CreditBody
}
list! {
    /// Some payments.
    PaymentList of payment::PaymentBody
}
list! {
    /// Messages about an invoice.
    MessageList of message::MessageBody
}

/// A body without fields; it may be left out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct Nothing {}

/// A field of a patch: it may be left out, but not null.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Why a body that was read does not fit.
pub(crate) type Fit<T> = Result<T, ApiProblem>;
