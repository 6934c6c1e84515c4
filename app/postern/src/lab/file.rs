//! A lab's file.

use serde::Deserialize;

/// A lab. Texts may hold `${name}`: a value saved by an earlier step.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lab {
    /// `gateway-endpoint`.
    pub name: String,
    pub title: String,
    /// What one learns.
    pub about: String,
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
    /// Run at the end whatever happened, in order; a step that names a value that was never saved is left out.
    #[serde(rename = "cleanup")]
    pub cleanup: Vec<Step>,
}

/// A command and what must come of it. Without `fails` it must exit with 0.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// A sentence.
    pub why: String,
    /// For the shell of the machine it runs on.
    pub run: String,
    /// The instance to run it in, `${public}`; absent: the host.
    pub on: Option<String>,
    /// Who runs it in the instance; `ec2-user` unless said.
    pub user: Option<String>,
    /// What the command reads.
    pub stdin: Option<String>,
    /// The name under which the output, trimmed, is saved.
    pub save: Option<String>,
    /// The output is a secret: it is saved, and not shown.
    #[serde(default)]
    pub secret: bool,
    /// The output must contain this.
    pub expect: Option<String>,
    /// The command must fail, saying this (on either stream).
    pub fails: Option<String>,
    /// Seconds until it must be over; 60 unless said.
    pub within: Option<u64>,
    /// Try again until it holds or `within` is over: for states that come in their own time.
    #[serde(default)]
    pub retry: bool,
}

impl Lab {
    /// Reads a lab; the error names the line.
    pub fn read(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }
}
