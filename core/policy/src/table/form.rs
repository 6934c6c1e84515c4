//! The form of a resource type's ARNs: literal text with `${Placeholders}`.

/// `arn:${Partition}:ec2:${Region}:${Account}:instance/${InstanceId}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArnForm {
    text: &'static str,
    fields: Vec<Vec<Part>>,
    resource: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(&'static str),
    Anything,
}

impl ArnForm {
    /// `None` for what is no ARN.
    pub(super) fn read(text: &'static str) -> Option<Self> {
        let mut fields: Vec<&'static str> = text.splitn(6, ':').collect();
        let resource = fields.pop().filter(|_| fields.len() == 5 && fields.first() == Some(&"arn"))?;
        let fields = fields.into_iter().map(parts).collect::<Option<_>>()?;
        Some(Self { text, fields, resource: parts(resource)? })
    }

    /// As AWS writes it.
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// Whether the ARN has this form. A placeholder stands for some text without a colon; in the resource for anything
    /// up to the next literal, and at its end, unless it is the whole resource (a bucket, a queue), also for slashes.
    pub fn fits(&self, arn: &str) -> bool {
        let mut given = arn.splitn(self.fields.len() + 1, ':');
        let is_whole = self.resource.len() == 1;
        self.fields.iter().all(|form| given.next().is_some_and(|text| matches(form, text, false)))
            && given.next().is_some_and(|resource| matches(&self.resource, resource, !is_whole))
    }
}

fn parts(text: &'static str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((literal, after)) = rest.split_once("${") {
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        parts.push(Part::Anything);
        rest = after.split_once('}')?.1;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest));
    }
    Some(parts)
}

fn matches(form: &[Part], text: &str, slashes_at_end: bool) -> bool {
    match form {
        [] => text.is_empty(),
        [Part::Literal(literal), rest @ ..] => {
            text.strip_prefix(literal).is_some_and(|text| matches(rest, text, slashes_at_end))
        }
        [Part::Anything] => !text.is_empty() && (slashes_at_end || !text.contains('/')),
        [Part::Anything, rest @ ..] => match rest.first() {
            Some(Part::Literal(next)) => {
                let places = text.match_indices(next).map(|(at, _)| at).filter(|at| *at > 0);
                places.filter_map(|at| text.get(at..)).any(|text| matches(rest, text, slashes_at_end))
            }
            // Two placeholders side by side say no more than one.
            _ => matches(rest, text, slashes_at_end),
        },
    }
}
