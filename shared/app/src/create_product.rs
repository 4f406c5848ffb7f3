//! Staff write a product down.

use crate::{Answered, AppError, Caller, Deps, change::idempotency_record, millis};
use domain::{ids::ProductId, money::Money, product::Product, record::Head};
use store::{CommitError, Lost, commits::Commit};

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
    if let Some(answered) = replay(deps, caller).await? {
        return Ok(answered);
    }
    let id = ProductId::at(millis(now), deps.entropy.number());
    let product = Product { id: id.clone(), name: new.name, description: new.description, unit_price: new.unit_price, active: true };
    let record = idempotency_record(caller, id.as_str(), now);
    let context = deps.context(caller, "COL-PRODUCTS", now);
    match deps.store.commit(&Commit { product: Some((Head::START, &product)), idempotency: record.as_ref(), ..Commit::new(&context) }).await
    {
        Ok(_) => Ok(Answered { value: id, replayed: false }),
        Err(CommitError::Lost(Lost::Idempotency)) => replay(deps, caller).await?.ok_or(AppError::Busy),
        Err(error) => Err(error.into()),
    }
}

async fn replay(deps: &Deps, caller: &Caller) -> Result<Option<Answered<ProductId>>, AppError> {
    let parse = |result: String| ProductId::parse(&result).map_err(|e| AppError::Defect(e.to_string()));
    Ok(deps.replayed(caller).await?.map(parse).transpose()?.map(|value| Answered { value, replayed: true }))
}
