//! `postern explain`: why a request was refused or let in; why a packet arrives or not.

use super::Common;
use super::{between, mermaid, picture, way};
use crate::control::{self, Explain as Question, WayQuestion};
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
  postern explain --between i-0abc i-0def --port 5432
  postern explain --matrix subnets --port 22
  postern explain --last

The AWS CLI prints the request id with --debug; boto3 has it in ResponseMetadata.RequestId.")]
pub struct Explain {
    #[command(flatten)]
    common: Common,
    /// The request to explain, by the id that its answer carried
    #[arg(long, value_name = "ID", conflicts_with = "last")]
    request: Option<String>,
    /// List the latest refused requests [default number: 10]
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "10")]
    last: Option<usize>,
    /// Where a packet begins: an instance, interface or subnet, `internet`, `internet:ADDRESS`, `host`
    #[arg(long, value_name = "PLACE", requires = "to", conflicts_with_all = ["request", "last"])]
    from: Option<String>,
    /// Where it is to arrive: a name, an address, an instance, interface or endpoint, with `:PORT` behind it [default for
    /// names and endpoints: 443]
    #[arg(long, value_name = "PLACE", requires = "from")]
    to: Option<String>,
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
            (None, Some(most), ..) => (Question::Last(most), print_list),
            (None, None, Some(from), _) => {
                let (to, protocol) = (self.to.unwrap_or_default(), self.protocol);
                (Question::Way(WayQuestion { from, to, protocol }), way::print)
            }
            (None, None, None, Some(of)) => (Question::Matrix { of, port: self.port }, way::print_matrix),
            (None, None, None, None) => {
                return Err(Trouble::new("explain what?")
                    .hint("--from and --to explain a way, --between A B both, --request ID one request, --last lists the refused ones"));
            }
        };
        let answer = control::ask(&dir, &control::Request::Explain(question))?;
        if let Some(file) = &self.svg {
            std::fs::write(file, picture::svg(&answer)).map_err(Trouble::at(format!("write {}", file.display())))?;
        }
        if let Some(Some(file)) = &self.mermaid {
            std::fs::write(file, mermaid::flowchart(&answer))
                .map_err(Trouble::at(format!("write {}", file.display())))?;
        }
        if self.json {
            println!("{answer}");
        } else if let Some(None) = self.mermaid {
            print!("{}", mermaid::flowchart(&answer));
        } else {
            print(&answer);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print_list(answer: &Value) {
    let refused = list(answer, "refused");
    if refused.is_empty() {
        println!("no request has been refused");
    }
    for request in refused {
        println!(
            "{}  {}  {}:{}",
            text(request, "request_id"),
            text(request, "at"),
            text(request, "service"),
            named(request)
        );
        let why = request.get("decision").and_then(Value::as_str).map(str::to_owned);
        println!("    {}  {}", status(request), why.unwrap_or_else(|| refusal(request)));
    }
}

fn print_request(request: &Value) {
    println!("request   {} at {}", text(request, "request_id"), text(request, "at"));
    println!("call      {}:{}", text(request, "service"), named(request));
    println!("who       {}", text(request, "caller"));
    println!("way       {}", origin(request.get("via").unwrap_or(&Value::Null)));
    println!("answer    {} {}", status(request), refusal(request));
    let asked = list(request, "asked");
    if asked.is_empty() {
        println!("asked     nothing: it was answered before any policy was looked at");
    }
    for (number, one) in asked.iter().enumerate() {
        let label = if number == 0 { "asked" } else { "" };
        println!("{label:<9} {} on {}: {}", text(one, "action"), text(one, "resource"), text(one, "decision"));
        for statement in list(one, "by") {
            println!("            by {}", place(statement));
        }
        if let Some(missing) = one.get("missing").and_then(Value::as_str) {
            println!("            no {missing} policy allows it");
        }
        for miss in list(one, "near_misses") {
            println!("            nearly by {}", place(miss.get("statement").unwrap_or(&Value::Null)));
            println!("              {}", failed(miss.get("failed").unwrap_or(&Value::Null)));
        }
        for (key, values) in one.get("keys").and_then(Value::as_object).into_iter().flatten() {
            println!("            {key} = {}", joined(values));
        }
    }
    for (number, advice) in list(request, "advice").iter().enumerate() {
        println!("{:<9} {}", if number == 0 { "change" } else { "" }, advice.as_str().unwrap_or_default());
    }
}

fn origin(via: &Value) -> String {
    match via.get("way").and_then(Value::as_str) {
        Some("host") => format!("from this machine's shell ({})", text(via, "address")),
        Some("internet") => format!("from the internet, as {}", text(via, "address")),
        Some("endpoint") => {
            format!("through {} in {}, from {}", text(via, "endpoint"), text(via, "vpc"), text(via, "address"))
        }
        _ => format!("from the service {}", text(via, "service")),
    }
}

fn place(statement: &Value) -> String {
    let at = statement.get("sid").and_then(Value::as_str).map(|sid| format!("`{sid}`"));
    let at = at.unwrap_or_else(|| text(statement, "index"));
    format!("statement {at} of {} policy {}", text(statement, "kind"), text(statement, "policy"))
}

fn failed(failed: &Value) -> String {
    let found = failed.get("found").filter(|found| !found.is_null()).map_or_else(|| "nothing".to_owned(), joined);
    match failed.get("test").and_then(Value::as_str) {
        Some("condition") => {
            let wanted = joined(failed.get("wanted").unwrap_or(&Value::Null));
            format!("wanted {} {} {wanted}, found {found}", text(failed, "operator"), text(failed, "key"))
        }
        _ => format!("its {} does not cover {found}", text(failed, "test")),
    }
}

fn named(request: &Value) -> String {
    let name = text(request, "operation");
    if name.is_empty() { "(unknown operation)".to_owned() } else { name }
}

fn refusal(request: &Value) -> String {
    match request.get("refusal").filter(|refusal| !refusal.is_null()) {
        Some(refusal) => format!("{}: {}", text(refusal, "code"), text(refusal, "message")),
        None => String::new(),
    }
}

fn status(request: &Value) -> String {
    text(request, "status")
}

pub(super) fn list<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value.get(member).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn text(value: &Value, member: &str) -> String {
    value.get(member).map(joined).unwrap_or_default()
}

fn joined(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(joined).collect::<Vec<_>>().join(" or "),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
