//! Staff write a product down.

use crate::{Answered, AppError, Caller, Deps, change::create_record, millis};
use domain::{ids::ProductId, money::Money, product::Product};
use store::commits::Record;

/// What a new product is.
#[derive(Debug, Clone)]
pub struct NewProduct {
    /// 1 to 200 characters.
    pub name: String,
    /// At most 1,000 characters.
    pub description: String,
    /// Price of one, net of tax.
    pub unit_price: Money,
}

/// Writes a product down. Answers with its id.
///
/// # Errors
/// [`AppError`].
pub async fn create_product(deps: &Deps, caller: &Caller, new: NewProduct) -> Result<Answered<ProductId>, AppError> {
    let now = deps.clock.now();
    let id = ProductId::at(millis(now), deps.entropy.number());
    let product = Product { id: id.clone(), name: new.name, description: new.description, unit_price: new.unit_price, active: true };
    create_record(deps, caller, "COL-PRODUCTS", id, Record::Product(&product), now).await
}
