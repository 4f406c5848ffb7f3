//! The embedded DynamoDB.

use crate::place::Place;
use anyhow::Context as _;
use dynoxide::Database;

/// Opens the table's engine: in the data folder, or in memory.
///
/// # Errors
/// The file cannot be opened.
pub fn open(place: &Place) -> anyhow::Result<Database> {
    match place.file("table.sqlite") {
        Some(path) => {
            let name = path.to_str().context("the data folder's name is not readable text")?.to_owned();
            Database::new(&name).map_err(|error| anyhow::anyhow!("{name} cannot be opened: {error}"))
        }
        None => Database::memory().map_err(|error| anyhow::anyhow!("no table can be made in memory: {error}")),
    }
}
