//! Reads a table's text. Its lines are described in `xtask/src/actions.rs`, which writes it.

use super::{Action, ArnForm, Key, Level, ResourceType, Service, Touch};

/// The error is the first line that is not of the known form.
pub fn table(text: &'static str) -> Result<Service, &'static str> {
    let mut service = Service { prefix: "", keys: Vec::new(), resource_types: Vec::new(), actions: Vec::new() };
    for line in text.lines() {
        add(&mut service, line).ok_or(line)?;
    }
    service.actions.sort_by(|one, other| one.lower.cmp(&other.lower));
    Ok(service)
}

fn add(service: &mut Service, line: &'static str) -> Option<()> {
    let mut words = line.split(' ');
    let kind = words.next()?;
    let mut next = || words.next();
    match kind {
        "S" => service.prefix = next()?,
        "K" => {
            let name = next()?;
            // Some tables write the placeholder of a tag's key out.
            let open = name.split_once("${").map(|(before, _)| before).or_else(|| name.strip_suffix("tag-key"));
            let (lower, is_open) = match open {
                Some(before) => (before.to_lowercase(), true),
                None => (name.to_lowercase(), false),
            };
            service.keys.push(Key { name, kind: next()?, lower, is_open });
        }
        "R" => {
            let (word, arn) = (next()?, ArnForm::read(next()?)?);
            let keys = numbers(next()?, service.keys.len())?;
            service.resource_types.push(ResourceType { word, arn, keys });
        }
        "A" => {
            let (name, level) = (next()?, level(next()?)?);
            let keys = numbers(next()?, service.keys.len())?;
            let dependent = match next()? {
                "-" => Vec::new(),
                names => names.split(',').collect(),
            };
            let lower = name.to_lowercase();
            service.actions.push(Action { name, level, dependent, lower, keys, touches: Vec::new() });
        }
        "T" => {
            let is_required = next()? == "!";
            let resource_type: u16 = next()?.parse().ok()?;
            service.resource_types.get(usize::from(resource_type))?;
            let keys = numbers(next()?, service.keys.len())?;
            service.actions.last_mut()?.touches.push(Touch { is_required, resource_type, keys });
        }
        _ => return None,
    }
    Some(())
}

fn numbers(text: &str, most: usize) -> Option<Vec<u16>> {
    if text == "-" {
        return Some(Vec::new());
    }
    text.split(',').map(|number| number.parse().ok().filter(|n: &u16| usize::from(*n) < most)).collect()
}

fn level(word: &str) -> Option<Level> {
    Some(match word {
        "List" => Level::List,
        "Read" => Level::Read,
        "Write" => Level::Write,
        "Tagging" => Level::Tagging,
        "Permissions" => Level::Permissions,
        _ => return None,
    })
}
