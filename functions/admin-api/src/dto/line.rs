//! Lines of an invoice, worked out.

use super::{
    draft::{DiscountBody, TaxBody},
    value::{Amount, DecimalText},
};
use domain::invoice::line::{Discount, Line, LineSum, LineText, TaxSum};
use serde::Serialize;
use utoipa::ToSchema;

/// A line worked out.
#[derive(Serialize, ToSchema)]
#[schema(as = LineSums)]
pub(crate) struct SumsBody {
    /// What was taken off.
    pub discount: Amount,
    /// After discount, before tax.
    pub net: Amount,
    /// The tax.
    pub tax: Amount,
    /// Net and tax.
    pub gross: Amount,
}

/// A line with its words and sums.
#[derive(Serialize, ToSchema)]
#[schema(as = Line)]
pub(crate) struct LineBody {
    /// Its place, from 1.
    pub line_no: usize,
    /// The product it was taken from.
    pub product_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its description, or empty.
    pub description: String,
    /// How many.
    pub quantity: DecimalText,
    /// Price of one, net of tax.
    pub unit_price: Amount,
    /// What is taken off.
    pub discount: Option<DiscountBody>,
    /// The tax on top.
    pub tax: Option<TaxBody>,
    /// What that comes to.
    pub sums: SumsBody,
}

impl LineBody {
    /// The line at that index, from 0.
    pub fn new(index: usize, line: &Line, words: Option<&LineText>, sum: &LineSum) -> Self {
        let discount = line.discount.map(|discount| match discount {
            Discount::Percent(percent) => DiscountBody { percent: Some(DecimalText(percent.get().to_string())), amount: None },
            Discount::Amount(amount) => DiscountBody { percent: None, amount: Some(amount.into()) },
        });
        Self {
            line_no: index + 1,
            product_id: line.product_id.as_ref().map(ToString::to_string),
            name: words.map(|words| words.name.clone()).unwrap_or_default(),
            description: words.map(|words| words.description.clone()).unwrap_or_default(),
            quantity: DecimalText(line.quantity.get().to_string()),
            unit_price: line.unit_price.into(),
            discount,
            tax: line.tax.as_ref().map(|tax| TaxBody { code: tax.code.clone(), rate: DecimalText(tax.rate.get().to_string()) }),
            sums: SumsBody { discount: sum.discount.into(), net: sum.net.into(), tax: sum.tax.into(), gross: sum.gross.into() },
        }
    }
}

/// All the tax of one code.
#[derive(Serialize, ToSchema)]
#[schema(as = TaxLine)]
pub(crate) struct TaxLineBody {
    /// Its name.
    pub code: String,
    /// In percent.
    pub rate: DecimalText,
    /// What it is levied on.
    pub net: Amount,
    /// How much it is.
    pub amount: Amount,
}

impl From<&TaxSum> for TaxLineBody {
    fn from(sum: &TaxSum) -> Self {
        Self {
            code: sum.tax.code.clone(),
            rate: DecimalText(sum.tax.rate.get().to_string()),
            net: sum.net.into(),
            amount: sum.amount.into(),
        }
    }
}
