//! Credits of a contact.

use super::value::Amount;
use domain::credit::{Credit, Use};
use serde::Serialize;
use store::Stored;
use utoipa::ToSchema;

/// A part of a credit that went to an invoice.
#[derive(Serialize, ToSchema)]
#[schema(as = CreditUse)]
pub(crate) struct UseBody {
    /// The invoice.
    pub invoice_id: String,
    /// How much.
    pub amount: Amount,
}

impl From<&Use> for UseBody {
    fn from(spent: &Use) -> Self {
        Self { invoice_id: spent.invoice_id.to_string(), amount: spent.amount.into() }
    }
}

/// Money of a contact that no invoice owes.
#[derive(Serialize, ToSchema)]
#[schema(as = Credit, examples(json!({
    "id": "crd_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "payment_id": "pay_01JZ8Q6X3S9V7K2M4N5P6R8T0W",
    "invoice_id": "inv_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "amount": {"amount": "40.00", "currency": "EUR"},
    "left": {"amount": "40.00", "currency": "EUR"}, "cause": "void", "uses": []
})))]
pub(crate) struct CreditBody {
    /// Its id.
    #[schema(pattern = "^crd_[0-9A-HJKMNP-TV-Z]{26}$")]
    pub id: String,
    /// The payment whose money it is.
    pub payment_id: String,
    /// The invoice it came from.
    pub invoice_id: String,
    /// How much it was.
    pub amount: Amount,
    /// What is left of it.
    pub left: Amount,
    /// `late_success`, `paid_twice`, `invoice_changed` or `void`.
    pub cause: &'static str,
    /// What it was spent on.
    pub uses: Vec<UseBody>,
}

impl From<&Stored<Credit>> for CreditBody {
    fn from(stored: &Stored<Credit>) -> Self {
        let credit = &stored.value;
        Self {
            id: credit.id.to_string(),
            payment_id: credit.payment_id.to_string(),
            invoice_id: credit.invoice_id.to_string(),
            amount: credit.amount.into(),
            left: credit.left.into(),
            cause: credit.cause.name(),
            uses: credit.uses.iter().map(UseBody::from).collect(),
        }
    }
}
