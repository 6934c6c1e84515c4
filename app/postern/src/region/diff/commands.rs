//! A file of `aws ec2 ...` commands, one a line; a backslash at its end goes on with the next.

use super::{Dry, NotDone, Step};

/// How many commands were run. What is none, and what EC2 refuses, is noted and passed over.
pub fn run(dry: &mut Dry<'_>, text: &str, not_done: &mut Vec<NotDone>) -> usize {
    let mut done = 0;
    for line in text.replace("\\\n", " ").lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match read(line) {
            // A look changes nothing.
            Ok(step) if step.operation.starts_with("Describe") || step.operation.starts_with("Get") => done += 1,
            Ok(step) => match dry.run(&step) {
                Ok(_) => done += 1,
                Err(refused) => not_done.push(refused),
            },
            Err(why) => not_done.push(NotDone { written: line.to_owned(), why }),
        }
    }
    done
}

fn read(line: &str) -> Result<Step, String> {
    if line.contains("$(") || line.contains('`') {
        return Err("what a shell would put in is not known here: write the ids themselves".to_owned());
    }
    let words = shlex::split(line).ok_or("a quote without its end")?;
    let rest = match words.as_slice() {
        [aws, ec2, rest @ ..] if aws == "aws" && ec2 == "ec2" => rest,
        _ => return Err("only `aws ec2` commands are understood".to_owned()),
    };
    let model = postern_wire::model("ec2").ok_or("there is no model of EC2")?;
    let (operation, input) = model.command(rest)?;
    Ok(Step { written: line.to_owned(), operation, input })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_command_is_told() {
        let why = |line: &str| read(line).map(|step| step.operation).unwrap_err();
        assert_eq!(why("aws s3 ls"), "only `aws ec2` commands are understood");
        assert!(why("aws ec2 create-route --route-table-id $(cat id)").contains("write the ids"));
        assert_eq!(why("aws ec2 create-vpc --cidr-block '10.0.0.0/16"), "a quote without its end");
        let step = read("aws ec2 create-vpc --cidr-block '10.0.0.0/16'").unwrap();
        assert_eq!((step.operation.as_str(), &step.input["CidrBlock"]), ("CreateVpc", &"10.0.0.0/16".into()));
    }
}
