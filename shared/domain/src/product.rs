//! Products: what is sold often enough to have a name.

use crate::{ids::ProductId, money::Money};

/// A product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// 1 to 200 characters.
    pub name: String,
    /// At most 1,000 characters, or empty.
    pub description: String,
    /// Price of one, net of tax.
    pub unit_price: Money,
    /// Whether it may be put on new invoices.
    pub active: bool,
}
