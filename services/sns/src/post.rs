//! Messages for servers: what a request carries, and how often it is tried.

use crate::carrier::Errand;
use crate::deliver::{Letter, Parcel};
use crate::outgoing::Outgoing;
use crate::refuse;
use crate::state::{Subscription, Topic};
use postern_call::Refusal;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// What a topic's or a subscription's delivery policy may say of retries. Seconds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Retry {
    min_delay_target: u32,
    max_delay_target: u32,
    num_retries: u32,
    num_no_delay_retries: u32,
    num_min_delay_retries: u32,
    num_max_delay_retries: u32,
    backoff_function: Backoff,
}

/// How the delays between the least and the greatest grow.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Backoff {
    Linear,
    Arithmetic,
    Geometric,
    Exponential,
}

impl Default for Retry {
    /// AWS's: three times, 20 seconds apart.
    fn default() -> Self {
        Self {
            min_delay_target: 20,
            max_delay_target: 20,
            num_retries: 3,
            num_no_delay_retries: 0,
            num_min_delay_retries: 0,
            num_max_delay_retries: 0,
            backoff_function: Backoff::Linear,
        }
    }
}

impl Retry {
    /// How long to wait before each retry.
    fn delays(&self) -> Vec<Duration> {
        let (least, most) = (f64::from(self.min_delay_target), f64::from(self.max_delay_target));
        let fixed = self.num_no_delay_retries + self.num_min_delay_retries + self.num_max_delay_retries;
        let between = self.num_retries.saturating_sub(fixed);
        let grown = (0..between).map(|at| {
            let share = f64::from(at + 1) / f64::from(between);
            match self.backoff_function {
                Backoff::Linear => least + (most - least) * share,
                Backoff::Arithmetic => least + (most - least) * share * share,
                Backoff::Geometric | Backoff::Exponential => least.max(1.0) * (most / least.max(1.0)).powf(share),
            }
        });
        let times = |count: u32, seconds: f64| (0..count).map(move |_| seconds);
        times(self.num_no_delay_retries, 0.0)
            .chain(times(self.num_min_delay_retries, least))
            .chain(grown)
            .chain(times(self.num_max_delay_retries, most))
            .map(Duration::from_secs_f64)
            .collect()
    }

    /// AWS's bounds.
    fn check(&self) -> Result<(), Refusal> {
        let wrong = |why: &str| Err(refuse::parameter(format!("DeliveryPolicy: {why}")));
        let fixed = u64::from(self.num_no_delay_retries)
            + u64::from(self.num_min_delay_retries)
            + u64::from(self.num_max_delay_retries);
        if self.num_retries > 100 {
            return wrong("healthyRetryPolicy.numRetries must be less than or equal to 100");
        }
        if self.min_delay_target == 0 || self.min_delay_target > self.max_delay_target {
            return wrong("healthyRetryPolicy.minDelayTarget must be at least 1 and not above maxDelayTarget");
        }
        if self.max_delay_target > 3600 {
            return wrong("healthyRetryPolicy.maxDelayTarget must be less than or equal to 3600");
        }
        if fixed > u64::from(self.num_retries) {
            return wrong("healthyRetryPolicy.numRetries must be at least the sum of the retries of its phases");
        }
        Ok(())
    }
}

/// The text of a delivery policy as JSON, and the retries that its member says.
fn read(text: &str, member: &str) -> Result<Option<Retry>, Refusal> {
    let parse = || refuse::parameter("DeliveryPolicy: failed to parse JSON.");
    let policy: Value = serde_json::from_str(text).map_err(|_| parse())?;
    let policy = policy.as_object().ok_or_else(parse)?;
    let Some(given) = policy.get(member) else { return Ok(None) };
    let retry: Retry = serde_json::from_value(given.clone())
        .map_err(|error| refuse::parameter(format!("DeliveryPolicy: {member}: {error}")))?;
    retry.check().map(|()| Some(retry))
}

/// Checks a subscription's delivery policy.
pub fn check(text: &str) -> Result<(), Refusal> {
    read(text, "healthyRetryPolicy").map(drop)
}

/// The retries in force: the subscription's, else the topic's, else AWS's.
fn retry(topic: &Topic, one: &Subscription) -> Retry {
    let own = one.delivery_policy.as_deref().and_then(|text| read(text, "healthyRetryPolicy").ok().flatten());
    let of_topic = || {
        let policy: Value = serde_json::from_str(topic.delivery_policy.as_deref()?).ok()?;
        let retry: Retry =
            serde_json::from_value(policy.get("http")?.get("defaultHealthyRetryPolicy")?.clone()).ok()?;
        retry.check().ok().map(|()| retry)
    };
    own.or_else(of_topic).unwrap_or_default()
}

/// A notification for a subscription's server.
pub fn letter(topic: &Topic, one: &Subscription, outgoing: &Outgoing, body: String) -> Letter {
    let mut headers = headers("Notification", &outgoing.id, topic);
    headers.push(("x-amz-sns-subscription-arn".to_owned(), one.arn.clone()));
    if one.raw {
        headers.push(("x-amz-sns-rawdelivery".to_owned(), "true".to_owned()));
    }
    Letter { url: one.endpoint.clone(), headers, body, region: topic.region.clone() }
}

/// What asks a subscription's server to confirm.
pub fn confirmation(topic: &Topic, one: &Subscription, id: &str, body: String) -> Letter {
    let headers = headers("SubscriptionConfirmation", id, topic);
    Letter { url: one.endpoint.clone(), headers, body, region: topic.region.clone() }
}

/// Those that every letter has.
fn headers(kind: &str, id: &str, topic: &Topic) -> Vec<(String, String)> {
    let named = [("message-type", kind), ("message-id", id), ("topic-arn", &topic.arn())];
    named.map(|(name, value)| (format!("x-amz-sns-{name}"), value.to_owned())).into()
}

/// What is to become of a letter, as the policies of now say.
pub fn errand(topic: &Topic, one: &Subscription, id: &str, letter: Letter, dead_letters: Option<Parcel>) -> Errand {
    let delays = retry(topic, one).delays().iter().map(|delay| delay.as_millis() as u64).collect();
    Errand { subscription: one.arn.clone(), id: id.to_owned(), letter, delays, dead_letters }
}

/// Whether the text says where a server is: `name[:port]`.
pub fn is_authority(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let letters = host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    !host.is_empty() && letters && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(policy: &str) -> Vec<u64> {
        let retry = read(&format!(r#"{{"healthyRetryPolicy":{policy}}}"#), "healthyRetryPolicy").unwrap().unwrap();
        retry.delays().iter().map(Duration::as_secs).collect()
    }

    #[test]
    fn retries_come_in_phases() {
        assert_eq!(Retry::default().delays(), [Duration::from_secs(20); 3]);
        let phases = r#"{"numRetries":8,"minDelayTarget":2,"maxDelayTarget":10,"numNoDelayRetries":1,
            "numMinDelayRetries":2,"numMaxDelayRetries":1,"backoffFunction":"linear"}"#;
        assert_eq!(delays(phases), [0, 2, 2, 4, 6, 8, 10, 10]);
        let grown = r#"{"numRetries":3,"minDelayTarget":1,"maxDelayTarget":8,"backoffFunction":"exponential"}"#;
        assert_eq!(delays(grown), [2, 4, 8]);
        assert_eq!(delays(r#"{"numRetries":0}"#), [0; 0]);
    }

    #[test]
    fn policies_keep_to_the_bounds() {
        for bad in [
            "x",
            "[]",
            r#"{"healthyRetryPolicy":{"numRetries":101}}"#,
            r#"{"healthyRetryPolicy":{"minDelayTarget":30}}"#,
            r#"{"healthyRetryPolicy":{"minDelayTarget":0}}"#,
            r#"{"healthyRetryPolicy":{"maxDelayTarget":3601}}"#,
            r#"{"healthyRetryPolicy":{"numRetries":1,"numNoDelayRetries":2}}"#,
            r#"{"healthyRetryPolicy":{"backoffFunction":"wild"}}"#,
            r#"{"healthyRetryPolicy":{"unknown":1}}"#,
        ] {
            assert_eq!(check(bad).unwrap_err().code, "InvalidParameter", "{bad}");
        }
        check(r#"{"healthyRetryPolicy":{"numRetries":2},"requestPolicy":{}}"#).unwrap();
    }

    #[test]
    fn authorities() {
        for good in ["203.0.113.7", "203.0.113.7:8080", "a-b.example.com"] {
            assert!(is_authority(good), "{good}");
        }
        for bad in ["", ":80", "a:0", "a:x", "a:", "a b", "u@a", "a:1:2"] {
            assert!(!is_authority(bad), "{bad}");
        }
    }
}
