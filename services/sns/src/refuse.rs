//! SNS's refusals, with its words.

use postern_call::Refusal;

/// `InvalidParameter`; `about` is what follows AWS's opening.
pub fn parameter(about: impl std::fmt::Display) -> Refusal {
    Refusal::new("InvalidParameter", format!("Invalid parameter: {about}"))
}
pub fn no_topic() -> Refusal {
    Refusal::new("NotFound", "Topic does not exist").status(404)
}
pub fn no_subscription() -> Refusal {
    Refusal::new("NotFound", "Subscription does not exist").status(404)
}
/// What AWS has and Postern has not.
pub fn absent(what: impl std::fmt::Display) -> Refusal {
    Refusal::new("NotImplemented", format!("{what} not implemented."))
        .status(501)
        .hint("docs/queues-and-topics.md says what SNS of Postern delivers to")
}
