//! The coverage page: every operation of every service with its state.

use crate::model::{model, services};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The page in Markdown. `implemented` has the implemented operations of each service by signing name; a name that the
/// model does not have is listed as such, so that a misspelt one is seen.
pub fn page(implemented: &BTreeMap<String, Vec<String>>) -> String {
    let rows: Vec<Row> = services().iter().filter_map(|name| Row::new(name, implemented.get(*name))).collect();
    let mut page = String::from(
        "# Coverage\n\nEvery operation of every service that Postern knows, from the services' public models. \
         An operation that is not implemented is parsed and authenticated, and answers with an error that names it.\n\n\
         Written by `cargo xtask coverage`; do not edit.\n\n| service | implemented | of |\n|---|--:|--:|\n",
    );
    for row in &rows {
        line(&mut page, format_args!("| [{0}](#{0}) | {1} | {2} |", row.service, row.done.len(), row.all()));
    }
    for row in &rows {
        line(&mut page, format_args!("\n## {}\n\n{}.\n", row.service, row.title));
        line(&mut page, format_args!("| operation | state |\n|---|---|"));
        for (name, state) in row.states() {
            line(&mut page, format_args!("| {name} | {state} |"));
        }
    }
    page
}

struct Row {
    service: &'static str,
    title: &'static str,
    operations: BTreeSet<&'static str>,
    done: BTreeSet<String>,
}

impl Row {
    fn new(service: &'static str, done: Option<&Vec<String>>) -> Option<Row> {
        let model = model(service)?;
        let operations = model.operations().into_iter().collect();
        let done = done.into_iter().flatten().cloned().collect();
        Some(Row { service, title: model.title(), operations, done })
    }

    fn all(&self) -> usize {
        self.operations.len()
    }

    fn states(&self) -> BTreeMap<&str, &'static str> {
        let state =
            |name: &&'static str| (*name, if self.done.contains(*name) { "implemented" } else { "not implemented" });
        let strangers = self.done.iter().filter(|name| !self.operations.contains(name.as_str()));
        self.operations
            .iter()
            .map(state)
            .chain(strangers.map(|name| (name.as_str(), "implemented, outside the model")))
            .collect()
    }
}

fn line(page: &mut String, text: std::fmt::Arguments) {
    // Writing to a String does not fail.
    let _ = writeln!(page, "{text}");
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn every_operation_has_its_state() {
        let done = [("sts".to_owned(), vec!["GetCallerIdentity".to_owned(), "GetCallerIdentiy".to_owned()])];
        let page = page(&done.into());
        assert!(page.contains("| GetCallerIdentity | implemented |"));
        assert!(page.contains("| GetCallerIdentiy | implemented, outside the model |"));
        assert!(page.contains("| AssumeRole | not implemented |"));
        assert!(page.contains("| CreateVpcEndpoint | not implemented |"));
    }
}
