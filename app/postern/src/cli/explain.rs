//! `postern explain`: why a request was refused or let in; why a packet arrives or not.

use super::Common;
use super::request::{joined, print_list, print_request};
use super::{between, call, diff, last, mermaid, picture, scope, way};
use crate::control::{self, CallQuestion, Explain as Question, WayQuestion};
use crate::say::Trouble;
use serde_json::Value;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  postern explain --from i-0abc --to s3.us-east-1.amazonaws.com
  postern explain --from i-0abc --to i-0def:5432
  postern explain --from internet --to i-0abc:80 --svg way.svg
  postern explain --from i-0abc --to s3.us-east-1.amazonaws.com --action s3:GetObject --resource arn:aws:s3:::b/k
  postern explain --between i-0abc i-0def --port 5432
  postern explain --matrix subnets --port 22
  postern explain --scope no-way-to-data.json
  postern explain --last
  postern explain --last i-0abc

The AWS CLI prints the request id with --debug; boto3 has it in ResponseMetadata.RequestId.")]
pub struct Explain {
    #[command(flatten)]
    common: Common,
    /// The request to explain, by the id that its answer carried
    #[arg(long, value_name = "ID", conflicts_with = "last")]
    request: Option<String>,
    /// List the latest refused requests [default number: 10]; or tell what the last call and the connections of an instance
    /// came to
    #[arg(long, value_name = "N|INSTANCE", num_args = 0..=1, default_missing_value = "10")]
    last: Option<String>,
    /// Where a packet begins: an instance, interface or subnet, `internet`, `internet:ADDRESS`, `host`
    #[arg(long, value_name = "PLACE", requires = "to", conflicts_with_all = ["request", "last"])]
    from: Option<String>,
    /// Where it is to arrive: a name, an address, an instance, interface or endpoint, with `:PORT` behind it [default for
    /// names and endpoints: 443]
    #[arg(long, value_name = "PLACE", requires = "from")]
    to: Option<String>,
    /// Also explain the call at the end: who makes it, as `role/NAME`, `user/NAME`, an ARN, `root` or `anonymous` [default:
    /// the role of the instance]
    #[arg(long = "as", value_name = "WHO", requires = "from")]
    caller: Option<String>,
    /// The call's action: s3:GetObject
    #[arg(long, requires = "from")]
    action: Option<String>,
    /// What the call is about
    #[arg(long, value_name = "ARN", requires = "action")]
    resource: Option<String>,
    /// The protocol of the packet: tcp, udp or icmp
    #[arg(long, default_value = "tcp", conflicts_with_all = ["request", "last", "matrix"])]
    protocol: String,
    /// Also write the way as a picture
    #[arg(long, value_name = "FILE", requires = "from")]
    svg: Option<PathBuf>,
    /// Also write the way as a Mermaid flowchart; without a file, print it instead
    #[arg(long, value_name = "FILE", requires = "from", num_args = 0..=1)]
    mermaid: Option<Option<PathBuf>>,
    /// Both ways between two places, as a table
    #[arg(long, value_names = ["A", "B"], num_args = 2, conflicts_with_all = ["request", "last", "from", "matrix"])]
    between: Option<Vec<String>>,
    /// What a change would open and close: a file of `aws ec2` commands, or of a Terraform plan (terraform show -json)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["request", "last", "from", "matrix", "between"])]
    diff: Option<PathBuf>,
    /// The ways that a Network Access Scope finds: its id, or a file of one, as create-network-insights-access-scope takes it, with
    /// `tag:KEY=VALUE` among the Resources; exits with 1 if there are some
    #[arg(long, value_name = "ID|FILE", conflicts_with_all = ["request", "last", "from", "matrix", "between", "diff"])]
    scope: Option<String>,
    /// Who reaches whom: `instances`, `subnets` or `endpoints`
    #[arg(long, value_name = "OF", conflicts_with_all = ["request", "last", "from"])]
    matrix: Option<String>,
    /// The port of --between and --matrix
    #[arg(long, default_value_t = 443, conflicts_with_all = ["request", "last", "from"])]
    port: u16,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub fn run(self) -> Result<ExitCode, Trouble> {
        let dir = self.common.data_dir();
        if let Some(file) = &self.diff {
            let change = std::fs::read_to_string(file).map_err(Trouble::at(format!("read {}", file.display())))?;
            let answer = control::ask(&dir, &control::Request::Explain(Question::Diff { change }))?;
            if self.json {
                println!("{answer}");
            } else {
                diff::print(&answer);
            }
            return Ok(diff::code(&answer));
        }
        if let Some(given) = &self.scope {
            let scope = scope::words(given)?;
            let answer = control::ask(&dir, &control::Request::Explain(Question::Scope { scope }))?;
            if self.json {
                println!("{answer}");
            } else {
                scope::print(&answer);
            }
            return Ok(scope::code(&answer));
        }
        if let Some([a, b]) = self.between.as_deref() {
            let (a, b, protocol) = (a.clone(), b.clone(), self.protocol);
            let question = Question::Between { a, b, protocol, port: self.port };
            let answer = control::ask(&dir, &control::Request::Explain(question))?;
            if self.json {
                println!("{answer}")
            } else {
                between::print(&answer)
            }
            return Ok(ExitCode::SUCCESS);
        }
        let (question, print): (_, fn(&Value)) = match (self.request, self.last, self.from, self.matrix) {
            (Some(id), ..) => (Question::Request(id), print_request),
            (None, Some(of), ..) if of.starts_with("i-") => (Question::LastOf(of), last::print),
            (None, Some(most), ..) => {
                let most =
                    most.parse().map_err(|_| Trouble::new(format!("`{most}` is neither a number nor an instance")))?;
                (Question::Last(most), print_list)
            }
            (None, None, Some(from), _) => {
                let (to, protocol) = (self.to.unwrap_or_default(), self.protocol);
                let way = WayQuestion { from, to, protocol };
                match (&self.caller, &self.action) {
                    (None, None) => (Question::Way(way), way::print),
                    _ => {
                        let (caller, action, resource) = (self.caller, self.action, self.resource);
                        (Question::Call { way, call: CallQuestion { caller, action, resource } }, call::print)
                    }
                }
            }
            (None, None, None, Some(of)) => (Question::Matrix { of, port: self.port }, way::print_matrix),
            (None, None, None, None) => {
                return Err(Trouble::new("explain what?")
                    .hint("--from and --to explain a way, --between A B both, --request ID one request, --last lists the refused ones"));
            }
        };
        let answer = control::ask(&dir, &control::Request::Explain(question))?;
        if let Some(file) = &self.svg {
            std::fs::write(file, picture::svg(&call::whole(&answer)))
                .map_err(Trouble::at(format!("write {}", file.display())))?;
        }
        if let Some(Some(file)) = &self.mermaid {
            std::fs::write(file, mermaid::flowchart(&call::whole(&answer)))
                .map_err(Trouble::at(format!("write {}", file.display())))?;
        }
        if self.json {
            println!("{answer}");
        } else if let Some(None) = self.mermaid {
            print!("{}", mermaid::flowchart(&call::whole(&answer)));
        } else {
            print(&answer);
        }
        Ok(ExitCode::SUCCESS)
    }
}

pub(super) fn list<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value.get(member).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn text(value: &Value, member: &str) -> String {
    value.get(member).map(joined).unwrap_or_default()
}
