//! Form pairs with bracket nesting, read the way Stripe reads them.

use std::collections::{BTreeMap, BTreeSet};

use super::error::ApiError;

/// Decoded parameters of a query or a form body. A pattern such as `line_items[][price_data][currency]` stands for a
/// parameter: `[]` takes an index or nothing, `[*]` any name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Form {
    fields: Vec<Field>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    name: String,
    path: Vec<String>,
    value: String,
}

impl Form {
    pub(super) fn new(pairs: &[(String, String)]) -> Self {
        let field = |(name, value): &(String, String)| Field { name: name.clone(), path: segments(name), value: value.clone() };
        Self { fields: pairs.iter().map(field).collect() }
    }

    /// Refuses the first parameter that no pattern knows.
    pub(super) fn only(&self, patterns: &[&str]) -> Result<(), ApiError> {
        let known: Vec<Vec<String>> = patterns.iter().map(|pattern| segments(pattern)).collect();
        match self.fields.iter().find(|field| !known.iter().any(|pattern| fits(pattern, &field.path))) {
            Some(field) => Err(ApiError::invalid(format!("Received unknown parameter: {}", field.name))
                .with_code("parameter_unknown")
                .with_param(field.name.clone())),
            None => Ok(()),
        }
    }

    /// The names before the first bracket, in order of appearance.
    pub(super) fn top_names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter_map(|field| field.path.first().map(String::as_str))
    }

    /// The value of one parameter; an empty one is refused.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self.fields.iter().rev().find(|field| field.name == name).map(|field| field.value.as_str()) {
            Some("") => Err(ApiError::invalid(format!(
                "You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; \
                 however '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty \
                 value."
            ))
            .with_code("parameter_invalid_empty")
            .with_param(name)),
            found => Ok(found),
        }
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name)?.ok_or_else(|| ApiError::missing(name))
    }

    pub(super) fn limited(&self, name: &str, most: usize) -> Result<Option<String>, ApiError> {
        let found = self.text(name)?;
        match found {
            Some(text) if text.chars().count() > most => {
                Err(ApiError::invalid(format!("Invalid string: must be at most {most} characters"))
                    .with_code("parameter_invalid_string_length")
                    .with_param(name))
            }
            Some(_) | None => Ok(found.map(str::to_owned)),
        }
    }

    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let parsed = text
            .parse()
            .map_err(|_| ApiError::invalid(format!("Invalid integer: {text}")).with_code("parameter_invalid_integer").with_param(name))?;
        Ok(Some(parsed))
    }

    /// One of a closed set of words.
    pub(super) fn choice(&self, name: &str, words: &[&str]) -> Result<Option<&str>, ApiError> {
        match self.text(name)? {
            Some(word) if !words.contains(&word) => {
                Err(ApiError::invalid(format!("Invalid {name}: must be one of {}", words.join(", "))).with_param(name))
            }
            found => Ok(found),
        }
    }

    /// The values of `name[]` and `name[0]`, in order.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        let pattern = segments(&format!("{name}[]"));
        let values = self.fields.iter().filter(|field| fits(&pattern, &field.path));
        values.map(|field| field.value.as_str()).collect()
    }

    /// The indices in `name[0]…`, ascending.
    pub(super) fn indices(&self, name: &str) -> BTreeSet<u32> {
        let under = self.fields.iter().filter(|field| field.path.first().is_some_and(|first| first == name));
        under.filter_map(|field| field.path.get(1)?.parse().ok()).collect()
    }

    /// `name[key]=value` as a map within Stripe's limits for metadata: 50 keys of 40 characters, values of 500.
    pub(super) fn metadata(&self, name: &str) -> Result<BTreeMap<String, String>, ApiError> {
        let pattern = segments(&format!("{name}[*]"));
        let mut map = BTreeMap::new();
        for field in self.fields.iter().filter(|field| fits(&pattern, &field.path) && !field.value.is_empty()) {
            let Some(key) = field.path.last() else { continue };
            let (key_length, length) = (key.chars().count(), field.value.chars().count());
            if key_length > 40 {
                let message = format!("Metadata keys can have up to 40 characters, but you passed in {key_length}: {key}");
                return Err(ApiError::invalid(message).with_param(name));
            }
            if length > 500 {
                let message = format!("Metadata values can have up to 500 characters, but '{key}' has {length}");
                return Err(ApiError::invalid(message).with_param(name));
            }
            map.insert(key.clone(), field.value.clone());
        }
        match map.len() {
            0..=50 => Ok(map),
            more => {
                let message = format!("You may only specify up to 50 metadata keys; you passed {more}");
                Err(ApiError::invalid(message).with_param(name))
            }
        }
    }
}

/// `a[b][]` → `a`, `b`, and an empty segment. A name with stray brackets is one segment, which no pattern knows.
fn segments(name: &str) -> Vec<String> {
    let whole = || vec![name.to_owned()];
    let Some((first, rest)) = name.split_once('[') else { return whole() };
    let Some(inner) = rest.strip_suffix(']') else { return whole() };
    let parts: Vec<&str> = inner.split("][").collect();
    if first.is_empty() || parts.iter().any(|part| part.contains(['[', ']'])) {
        return whole();
    }
    std::iter::once(first).chain(parts).map(str::to_owned).collect()
}

fn fits(pattern: &[String], path: &[String]) -> bool {
    let segment = |(known, given): (&String, &String)| match known.as_str() {
        "" => given.bytes().all(|b| b.is_ascii_digit()),
        "*" => !given.is_empty(),
        name => name == given,
    };
    pattern.len() == path.len() && pattern.iter().zip(path).all(segment)
}
