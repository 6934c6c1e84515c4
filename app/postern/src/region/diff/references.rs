//! What an expression of a Terraform configuration refers to: resources of its module, variables that the caller gives a value,
//! outputs of the modules that it calls.

use serde_json::Value;
use std::collections::BTreeMap;

/// Ids by the address of a resource.
pub type Ids = BTreeMap<String, String>;

/// Variables through outputs through variables: further than this nobody goes.
const DEPTH_MAX: usize = 16;

/// The expressions of a resource in the plan's configuration, by its address.
pub fn expressions<'a>(plan: &'a Value, address: &str) -> Option<&'a Value> {
    let (module, rest) = apart(address);
    let rest = without_indices(rest);
    let resources = configuration(plan, module)?.get("resources")?.as_array()?;
    resources.iter().find(|resource| resource.get("address").and_then(Value::as_str) == Some(&rest))?.get("expressions")
}

/// The ids that are known of the resources that an expression of the resource at the address refers to. Of a resource that there
/// is more than once, the one with the same index, or all.
pub fn ids_of<'i>(ids: &'i Ids, plan: &Value, address: &str, expression: &Value) -> Vec<&'i String> {
    let (module, own) = apart(address);
    let index = own.find('[').and_then(|place| own.get(place..)).unwrap_or_default();
    let mut found: Vec<&String> = Vec::new();
    for target in texts(expression).flat_map(|reference| resolve(plan, module, reference, DEPTH_MAX)) {
        let one = ids.get(&target).or_else(|| ids.get(&format!("{target}{index}")));
        let many = || ids.iter().filter(|(known, _)| known.starts_with(&format!("{target}["))).map(|(_, id)| id);
        let all: Vec<&String> = if one.is_some() { one.into_iter().collect() } else { many().collect() };
        all.into_iter().for_each(|id| {
            if !found.contains(&id) {
                found.push(id);
            }
        });
    }
    found
}

/// The addresses that a reference in a module means.
fn resolve(plan: &Value, module: &str, reference: &str, depth: usize) -> Vec<String> {
    let whole = |inner: &str| if module.is_empty() { inner.to_owned() } else { format!("{module}.{inner}") };
    let name_of = |text: &str| text.split(['.', '[']).next().unwrap_or_default().to_owned();
    let further = |module: &str, expression: Option<&Value>| -> Vec<String> {
        let references = expression.into_iter().flat_map(texts);
        references.flat_map(|reference| resolve(plan, module, reference, depth.saturating_sub(1))).collect()
    };
    if depth == 0 {
        return Vec::new();
    }
    if let Some(variable) = reference.strip_prefix("var.") {
        let (outer, call) = module.rsplit_once("module.").unwrap_or_default();
        let outer = outer.trim_end_matches('.');
        let place = format!("/module_calls/{}/expressions/{}", name_of(call), name_of(variable));
        return further(outer, configuration(plan, outer).and_then(|outer| outer.pointer(&place)));
    }
    if let Some((call, output)) = reference.strip_prefix("module.").and_then(|rest| rest.split_once('.')) {
        let place = format!("/module_calls/{}/module/outputs/{}/expression", name_of(call), name_of(output));
        let expression = configuration(plan, module).and_then(|here| here.pointer(&place));
        return further(&whole(&format!("module.{call}")), expression);
    }
    vec![whole(reference)]
}

fn texts(expression: &Value) -> impl Iterator<Item = &str> {
    expression.get("references").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// The module of an address and what it is there: `module.net[0]` and `aws_subnet.a[1]`.
fn apart(address: &str) -> (&str, &str) {
    let mut place = 0;
    while let Some(rest) = address.get(place..).filter(|rest| rest.starts_with("module.")) {
        // A key may have dots in it: `module.net["a.b"]`.
        let mut depth = 0;
        let end = rest.char_indices().skip("module.".len()).find(|(_, c)| {
            match c {
                '[' => depth += 1,
                ']' => depth -= 1,
                _ => {}
            }
            *c == '.' && depth == 0
        });
        let Some((end, _)) = end else { break };
        place += end + 1;
    }
    let module = address.get(..place.saturating_sub(1)).unwrap_or_default();
    (module, address.get(place..).unwrap_or_default())
}

fn without_indices(address: &str) -> String {
    let mut depth = 0;
    let keep = |c: &char| {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        depth == 0 && *c != ']'
    };
    address.chars().filter(keep).collect()
}

/// The configuration of a module, by its address.
fn configuration<'a>(plan: &'a Value, module: &str) -> Option<&'a Value> {
    let mut here = plan.pointer("/configuration/root_module")?;
    let plain = without_indices(module);
    for call in plain.split("module.").map(|call| call.trim_end_matches('.')).filter(|call| !call.is_empty()) {
        here = here.pointer(&format!("/module_calls/{call}/module"))?;
    }
    Some(here)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_address_is_a_module_and_a_resource() {
        assert_eq!(apart("aws_route.a"), ("", "aws_route.a"));
        assert_eq!(apart("module.net.aws_subnet.a[0]"), ("module.net", "aws_subnet.a[0]"));
        assert_eq!(apart("module.a[\"x.y\"].module.b.aws_vpc.v"), ("module.a[\"x.y\"].module.b", "aws_vpc.v"));
    }

    #[test]
    fn variables_and_outputs_are_followed() {
        let route =
            json!({ "address": "aws_route.out", "expressions": { "route_table_id": { "references": ["var.table"] } } });
        let plan = json!({ "configuration": { "root_module": { "module_calls": {
            "net": { "module": { "outputs": { "table": { "expression": { "references": ["aws_route_table.t.id", "aws_route_table.t"] } } } } },
            "ways": {
                "expressions": { "table": { "references": ["module.net.table", "module.net"] } },
                "module": { "resources": [route] },
            },
        } } } });
        let ids = Ids::from([("module.net.aws_route_table.t".to_owned(), "rtb-1".to_owned())]);
        let address = "module.ways[\"a\"].aws_route.out[0]";
        let expression = expressions(&plan, address).unwrap().get("route_table_id").unwrap();
        assert_eq!(ids_of(&ids, &plan, address, expression), ["rtb-1"]);
    }

    #[test]
    fn of_many_the_one_with_the_same_index_or_all() {
        let ids: Ids = [("aws_subnet.a[0]", "subnet-0"), ("aws_subnet.a[1]", "subnet-1")]
            .map(|(a, id)| (a.to_owned(), id.to_owned()))
            .into();
        let expression = json!({ "references": ["aws_subnet.a", "count.index"] });
        assert_eq!(ids_of(&ids, &json!({}), "aws_route_table_association.a[1]", &expression), ["subnet-1"]);
        assert_eq!(ids_of(&ids, &json!({}), "aws_vpc_endpoint.e", &expression), ["subnet-0", "subnet-1"]);
    }
}
