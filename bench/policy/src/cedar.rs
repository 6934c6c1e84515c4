//! The same tests in Cedar: as many policies, one after another in one set. Cedar has no policies that must all allow, so
//! the endpoint's Allow stands as a `forbid unless`; and it names no near misses.

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use std::hint::black_box;
use std::str::FromStr;

pub struct Scene {
    policies: PolicySet,
    authorizer: Authorizer,
    entities: Entities,
    request: Request,
}

impl Scene {
    pub fn new(statements: usize) -> Self {
        let quarter = statements / 4;
        let mut text = String::new();
        for number in 1..statements - 2 * quarter {
            text.push_str(&other(number));
        }
        text.push_str(
            r#"permit(principal, action in [Action::"s3:GetObject", Action::"s3:ListBucket"], resource)
               when { context.resource like "arn:aws:s3:::photos/*" && context.secure };"#,
        );
        if quarter > 0 {
            (1..quarter).chain(1..quarter).for_each(|number| text.push_str(&other(number)));
            text.push_str(
                r#"forbid(principal, action, resource) unless { context.principalAccount == "123456789012" };"#,
            );
            text.push_str(
                r#"forbid(principal, action, resource)
                   when { context.resource like "arn:aws:s3:::photos/*" && context.sourceVpce != "vpce-000000000000000a1" };"#,
            );
        }
        Self {
            policies: PolicySet::from_str(&text).expect("policies"),
            authorizer: Authorizer::new(),
            entities: Entities::empty(),
            request: request("s3:GetObject"),
        }
    }

    pub fn check(&self) {
        let decision =
            |request: &Request| self.authorizer.is_authorized(request, &self.policies, &self.entities).decision();
        assert_eq!(decision(&self.request), Decision::Allow);
        assert_eq!(decision(&request("s3:PutObject")), Decision::Deny);
    }

    pub fn decide(&self) {
        black_box(self.authorizer.is_authorized(black_box(&self.request), &self.policies, &self.entities));
    }

    /// As the other engine, which is given a caller and a way and makes its keys of them.
    pub fn decide_anew(&self) {
        black_box(self.authorizer.is_authorized(&request(black_box("s3:GetObject")), &self.policies, &self.entities));
    }
}

fn other(number: usize) -> String {
    let (action, resource) = if number % 2 == 0 {
        (r#"action in [Action::"s3:GetObject", Action::"s3:GetObjectAcl"]"#, format!("arn:aws:s3:::team-{number}/*"))
    } else {
        (r#"action == Action::"sqs:SendMessage""#, format!("arn:aws:sqs:*:123456789012:team-{number}"))
    };
    format!(
        r#"permit(principal, {action}, resource)
           when {{ context.resource like "{resource}" && context.principalArn like "arn:aws:iam::*:role/team-{number}*" }};"#
    )
}

fn request(action: &str) -> Request {
    let entity = |kind: &str, id: &str| {
        EntityUid::from_type_name_and_id(kind.parse().expect("a type"), cedar_policy::EntityId::new(id))
    };
    let text = |value: &str| cedar_policy::RestrictedExpression::new_string(value.to_owned());
    let context = Context::from_pairs([
        ("resource".to_owned(), text("arn:aws:s3:::photos/2026/november/1.jpg")),
        ("principalArn".to_owned(), text("arn:aws:iam::123456789012:role/web")),
        ("principalAccount".to_owned(), text("123456789012")),
        ("sourceVpce".to_owned(), text("vpce-000000000000000a1")),
        ("secure".to_owned(), cedar_policy::RestrictedExpression::new_bool(true)),
    ]);
    Request::new(
        entity("Role", "web"),
        entity("Action", action),
        entity("Object", "photos/2026/november/1.jpg"),
        context.expect("a context"),
        None,
    )
    .expect("a request")
}
