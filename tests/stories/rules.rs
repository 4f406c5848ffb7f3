//! The page of rules: whatever an answer, a journal or a test names by an id stands there, once, in plain words.

use crate::{architecture::sources, template::root};
use std::{collections::BTreeSet, fs};

const PAGE: &str = include_str!("../../shared/domain/RULES.md");
/// What looks like a rule's id and is none: the ids of reminders, and the number of an invoice.
const NO_RULES: [&str; 4] = ["A1", "A2", "A4", "INV-00001"];
/// Rules that no answer and no journal can show: what is done by them is kept with the key itself, and a key has no journal.
const UNSEEN: [&str; 2] = ["KEY-MAKE", "KEY-REVOKE"];

/// Whether a text has the form of a rule's id: `ACT-VOID-STATUS`, `OWN-01`, `G10`, `f55`.
fn is_id(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let upper = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase());
    match text.split_once('-') {
        Some((first, rest)) => {
            let words = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
            first.len() > 1 && upper(first) && rest.split('-').all(words)
        }
        None => {
            let number = text.strip_prefix(|first: char| first.is_ascii_uppercase() || first == 'f').unwrap_or_default();
            (1..=2).contains(&number.len()) && digits(number)
        }
    }
}

/// The ids of the page, section by section, each line checked for its form.
fn page() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in PAGE.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            sections.push((heading, Vec::new()));
        } else if let Some(rule) = line.strip_prefix("- ") {
            let (id, says) = rule.strip_prefix("**").and_then(|rule| rule.split_once("**: ")).unwrap_or_else(|| panic!("{line}"));
            let sentence = says.starts_with(|first: char| first.is_ascii_uppercase()) && says.ends_with('.');
            assert!(is_id(id) && sentence && line.len() <= 140, "{line}");
            sections.last_mut().unwrap_or_else(|| panic!("{id} stands in no section")).1.push(id);
        }
    }
    sections
}

/// The ids of the page in its order.
fn ids() -> Vec<&'static str> {
    page().into_iter().flat_map(|(_, ids)| ids).collect()
}

/// The ids that stand as a text of their own in the code of a folder.
fn named_in_code(folder: &str) -> BTreeSet<String> {
    let code = sources(&root().join(folder));
    code.values().flat_map(|text| text.split('"')).filter(|text| is_id(text)).map(str::to_owned).collect()
}

/// What tests say.
struct Told {
    /// The words of their code and of their tables, with dashes in them.
    words: BTreeSet<String>,
    /// The names of their functions.
    names: BTreeSet<String>,
}

impl Told {
    /// Reads every test but these.
    fn read() -> Self {
        let mut told = Self { words: BTreeSet::new(), names: BTreeSet::new() };
        let mut folders: Vec<_> = ["functions", "infra", "shared", "tests"].map(|folder| root().join(folder)).into();
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
                let name = path.file_name().unwrap().to_str().unwrap();
                if path.is_dir() {
                    if !["node_modules", "target"].contains(&name) {
                        folders.push(path);
                    }
                } else if [".rs", ".csv"].iter().any(|end| name.ends_with(end)) && !path.ends_with("stories/rules.rs") {
                    let of_tests = name == "tests.rs" || path.strip_prefix(root()).unwrap().iter().any(|folder| folder == "tests");
                    let text = fs::read_to_string(&path).unwrap();
                    told.take(text.lines().skip_while(|line| !of_tests && line.trim() != "#[cfg(test)]"));
                }
            }
        }
        told
    }

    fn take<'a>(&mut self, lines: impl Iterator<Item = &'a str>) {
        for line in lines.filter(|line| !line.trim_start().starts_with("//")) {
            let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            self.words.extend(words.filter(|word| is_id(word)).map(str::to_owned));
            let name = line.trim_start().split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
            self.names.extend(name.map(|(name, _)| name.to_owned()));
        }
    }

    /// Whether a test names a rule: in its name, or in its code unless it is a fault, which may look like a type there.
    fn names(&self, id: &str) -> bool {
        let part = format!("_{}_", id.to_lowercase().replace('-', "_"));
        let in_code = !id.starts_with('f') && self.words.contains(id);
        in_code || self.names.iter().any(|name| format!("_{name}_").contains(&part))
    }
}

/// The ids that a test's name begins with: of `own_02_f32_a_sweep_…` both, of `a_sweep_…` none.
fn begins_with(name: &str) -> BTreeSet<String> {
    let words: Vec<&str> = name.split('_').collect();
    let mut left = words.as_slice();
    let mut ids = BTreeSet::new();
    while let [first, rest @ ..] = left {
        let (id, rest) = match rest {
            [number, rest @ ..] if *first == "own" => (format!("OWN-{number}"), rest),
            _ if first.starts_with('f') => ((*first).to_owned(), rest),
            _ => (first.to_uppercase(), rest),
        };
        if rest.is_empty() || !is_id(&id) {
            break;
        }
        ids.insert(id);
        left = rest;
    }
    ids
}

#[test]
#[expect(clippy::print_stdout, reason = "how much the page holds is worth a line")]
fn every_rule_that_code_or_a_test_names_stands_on_the_page() {
    let page: BTreeSet<&str> = ids().into_iter().collect();
    let mut code: BTreeSet<String> = ["functions", "shared"].into_iter().flat_map(named_in_code).collect();
    for no_rule in NO_RULES {
        assert!(code.remove(no_rule), "{no_rule} is not named any more");
    }
    let simulation = named_in_code("tests/simulation/src");
    let names: BTreeSet<String> = Told::read().names.iter().flat_map(|name| begins_with(name)).collect();
    for (who, named) in [("code", &code), ("the simulation", &simulation), ("tests' names", &names)] {
        let missing: Vec<&String> = named.iter().filter(|id| !page.contains(id.as_str())).collect();
        assert!(missing.is_empty(), "{who}: {missing:?} are not on the page of rules");
    }
    assert!(code.len() > 50 && simulation.len() > 10 && names.len() > 50, "{} {} {}", code.len(), simulation.len(), names.len());
    let (code, simulation, names) = (code.len(), simulation.len(), names.len());
    println!("{} rules: {code} named by code, {simulation} by the simulation, {names} at the head of tests' names", page.len());
}

#[test]
fn every_rule_on_the_page_is_named_by_a_test() {
    let told = Told::read();
    let unnamed: Vec<&str> = ids().into_iter().filter(|id| !told.names(id)).collect();
    assert_eq!(unnamed, UNSEEN, "rules that no test names");
}

#[test]
fn each_rule_stands_on_the_page_once_and_in_the_order_of_its_section() {
    let mut seen = BTreeSet::new();
    for (heading, ids) in page() {
        assert!(!ids.is_empty(), "{heading} is empty");
        // By its words, then by its number: G10 comes behind G9.
        let place = |id: &&str| {
            let words = id.trim_end_matches(|c: char| c.is_ascii_digit());
            (words.to_owned(), id[words.len()..].parse::<u32>().unwrap_or_default())
        };
        assert!(ids.is_sorted_by_key(place), "{heading}: {ids:?}");
        for id in ids {
            assert!(seen.insert(id), "{id} stands there twice");
        }
    }
}
