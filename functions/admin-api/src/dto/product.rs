//! Products.

use super::{
    Fit,
    value::{Amount, fits},
};
use crate::problem::ApiProblem;
use app::create_product::NewProduct;
use domain::{invoice::line::LineError, product::Product, text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A product to be written down.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = NewProduct, examples(json!({"name": "Consulting, day", "unit_price": {"amount": "960.00", "currency": "EUR"}})))]
pub(crate) struct NewProductBody {
    /// The name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What it is.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub description: Option<String>,
    /// Price of one, net of tax; not negative.
    pub unit_price: Amount,
}

/// A product.
#[derive(Serialize, ToSchema)]
#[schema(as = Product, examples(json!({
    "id": "prd_01JZ8Q6X3S9V7K2M4N5P6R8T0W", "name": "Consulting, day", "description": "",
    "unit_price": {"amount": "960.00", "currency": "EUR"}, "active": true
})))]
pub(crate) struct ProductBody {
    /// Its id.
    #[schema(pattern = "^prd_[0-9A-HJKMNP-TV-Z]{26}$")]
    pub id: String,
    /// The name.
    pub name: String,
    /// What it is, or empty.
    pub description: String,
    /// Price of one, net of tax.
    pub unit_price: Amount,
    /// Whether it may be put on new invoices.
    pub active: bool,
}

impl From<&Product> for ProductBody {
    fn from(product: &Product) -> Self {
        Self {
            id: product.id.to_string(),
            name: product.name.clone(),
            description: product.description.clone(),
            unit_price: product.unit_price.into(),
            active: product.active,
        }
    }
}

impl NewProductBody {
    /// The product as it is asked for.
    pub fn read(self) -> Fit<NewProduct> {
        let unit_price = self.unit_price.read("unit_price")?;
        if unit_price.is_negative() {
            return Err(ApiProblem::value("unit_price", LineError::NegativePrice));
        }
        Ok(NewProduct {
            name: fits("name", text::line(&self.name, 200))?,
            description: fits("description", text::lines(self.description.as_deref().unwrap_or_default(), 1000))?,
            unit_price,
        })
    }
}
