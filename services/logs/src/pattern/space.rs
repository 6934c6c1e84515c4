//! Conditions on the fields between spaces: `[ip, user, ..., status = 4* || status = 5*, bytes > 1000]`. What stands
//! between brackets or double quotes in a message is one field.

use super::operand::{Comparison, Literal};
use super::reader::Reader;
use super::{Wrong, expected};

#[derive(Debug)]
pub struct Fields {
    front: Vec<Field>,
    /// Those behind `...`; `None`: there is no `...`, and every field of a message must be named.
    back: Option<Vec<Field>>,
}

#[derive(Debug)]
struct Field {
    name: String,
    /// One of them must hold, with all of its comparisons; none: anything goes.
    conditions: Vec<Vec<Comparison>>,
}

pub fn read(text: &str) -> Result<Fields, Wrong> {
    let mut reader = Reader::new(text);
    reader.demand("[")?;
    let (mut front, mut back) = (Vec::new(), None);
    reader.skip_spaces();
    if reader.take("]") {
        // Without names: whatever there is, by number.
        back = Some(Vec::new());
    } else {
        loop {
            reader.skip_spaces();
            if reader.take("...") {
                if back.is_some() {
                    return Err(expected("one ... only"));
                }
                back = Some(Vec::new());
            } else {
                let field = field(&mut reader)?;
                back.as_mut().unwrap_or(&mut front).push(field);
            }
            reader.skip_spaces();
            if reader.take("]") {
                break;
            }
            reader.demand(",")?;
        }
    }
    if reader.is_at_end() { Ok(Fields { front, back }) } else { Err(expected("nothing behind ]")) }
}

fn field(reader: &mut Reader<'_>) -> Result<Field, Wrong> {
    let name = name(reader)?;
    reader.skip_spaces();
    if matches!(reader.peek(), Some(',' | ']')) {
        return Ok(Field { name, conditions: Vec::new() });
    }
    // The first condition stands behind the name; each further one repeats it.
    let mut is_first = true;
    let mut one = |reader: &mut Reader<'_>| {
        reader.skip_spaces();
        if !std::mem::take(&mut is_first) && self::name(reader)? != name {
            return Err(expected("the same field on both sides of && and ||"));
        }
        reader.skip_spaces();
        let operator = reader.operator()?;
        reader.skip_spaces();
        Comparison::new(operator, reader.literal(|c| ",]&|\"".contains(c))?)
    };
    let conditions = reader.several("||", |reader: &mut Reader<'_>| reader.several("&&", &mut one))?;
    Ok(Field { name, conditions })
}

fn name(reader: &mut Reader<'_>) -> Result<String, Wrong> {
    let name = reader.take_while(|c| c.is_alphanumeric() || "_-$.".contains(c));
    if name.is_empty() { Err(expected("a field's name")) } else { Ok(name.to_owned()) }
}

impl Field {
    fn takes(&self, text: &str) -> bool {
        let holds = |comparison: &Comparison| match (comparison.literal(), text.parse()) {
            (Literal::Number(_), Ok(number)) => comparison.takes_number(number),
            _ => comparison.takes_text(text),
        };
        self.conditions.is_empty() || self.conditions.iter().any(|all| all.iter().all(holds))
    }
}

impl Fields {
    /// Each field of the message with the one of the pattern that stands for it. `None`: there are too many or too few.
    fn pair<'f, 'm>(&'f self, texts: Vec<&'m str>) -> Option<Vec<(Option<&'f Field>, &'m str)>> {
        let behind = self.back.as_deref().unwrap_or_default();
        let between = texts.len().checked_sub(self.front.len() + behind.len())?;
        if self.back.is_none() && between > 0 {
            return None;
        }
        let fields =
            self.front.iter().map(Some).chain(std::iter::repeat_n(None, between)).chain(behind.iter().map(Some));
        Some(fields.zip(texts).collect())
    }

    pub fn matches(&self, message: &str) -> bool {
        let pairs = self.pair(split(message));
        pairs.is_some_and(|pairs| pairs.iter().all(|(field, text)| field.is_none_or(|field| field.takes(text))))
    }

    /// `$name` of those that have a name, `$1` and so on of the others.
    pub fn values(&self, message: &str) -> Vec<(String, String)> {
        let pairs = self.pair(split(message)).unwrap_or_default();
        let named = pairs.into_iter().enumerate().map(|(at, (field, text))| {
            let name = field.map_or_else(|| (at + 1).to_string(), |field| field.name.clone());
            (format!("${}", name.trim_start_matches('$')), text.to_owned())
        });
        named.collect()
    }
}

/// The fields of a message, without the brackets and quotes that hold them together.
fn split(message: &str) -> Vec<&str> {
    let mut fields = Vec::new();
    let mut rest = message.trim_start();
    while let Some(first) = rest.chars().next() {
        let close = match first {
            '[' => Some(']'),
            '"' => Some('"'),
            _ => None,
        };
        let held = close.and_then(|close| rest.get(1..)?.split_once(close));
        let (field, behind) = match held {
            Some((field, behind)) => (field, behind),
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        fields.push(field);
        rest = behind.trim_start();
    }
    fields
}
