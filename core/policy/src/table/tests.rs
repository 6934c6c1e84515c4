//! Every table reads whole; look-ups and the forms of ARNs.

use super::*;

#[test]
fn every_embedded_table_reads_whole() {
    for prefix in services() {
        let table = service(prefix).unwrap_or_else(|| panic!("{prefix}"));
        assert_eq!(table.prefix, *prefix);
        assert!(table.actions().count() >= 3, "{prefix}");
        for action in table.actions() {
            assert!(table.action(&action.name.to_uppercase()).is_some_and(|found| found.name == action.name));
        }
    }
    assert!(services().is_sorted());
    assert!(service("nosuchservice").is_none());
}

#[test]
fn run_instances_is_asked_for_on_what_aws_says() {
    let run = service("ec2").and_then(|ec2| ec2.action("runinstances")).expect("RunInstances");
    assert_eq!((run.name, run.level), ("RunInstances", Level::Write));
    assert_eq!(run.dependent, ["ec2:CreateTags", "iam:PassRole", "ssm:GetParameters"]);
    let required: Vec<&str> = run.resource_types().filter(|(_, is)| *is).map(|(one, _)| one.word).collect();
    assert_eq!(required, ["image", "instance", "network-interface", "security-group", "subnet"]);
    assert!(run.touches("volume") && run.touches("key-pair") && !run.touches("vpc"));
    let word = |arn: &str| run.type_of(arn).map(|one| one.word);
    assert_eq!(word("arn:aws:ec2:eu-west-1:123456789012:instance/*"), Some("instance"));
    assert_eq!(word("arn:aws:ec2:eu-west-1::image/ami-1"), Some("image"));
    assert_eq!(word("arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1"), None);
    assert!(run.has_key(Some("instance"), "ec2:InstanceType"));
    assert!(run.has_key(Some("instance"), "aws:requesttag/team"));
    assert!(run.has_key(None, "ec2:Region") && run.has_key(Some("subnet"), "ec2:region"));
    assert!(run.has_key(Some("subnet"), "ec2:Vpc") && !run.has_key(Some("subnet"), "ec2:InstanceType"));
    assert!(!run.has_key(Some("instance"), "aws:requesttag/"), "a tag has a key");
}

#[test]
fn keys_that_stand_with_the_type_alone_are_found() {
    let get = service("iam").and_then(|iam| iam.action("GetRole")).expect("GetRole");
    assert!(get.has_key(Some("role"), "iam:ResourceTag/team"));
    assert!(!get.has_key(None, "iam:ResourceTag/team"));
    let put = service("s3").and_then(|s3| s3.action("PutObject")).expect("PutObject");
    assert!(put.has_key(Some("object"), "s3:requestobjecttag/a"));
}

#[test]
fn an_arn_has_the_form_of_its_type() {
    let form = |prefix: &str, word: &str| service(prefix).and_then(|s| s.resource_type(word)).expect("a type");
    let (bucket, object) = (&form("s3", "bucket").arn, &form("s3", "object").arn);
    assert!(bucket.fits("arn:aws:s3:::logs") && !bucket.fits("arn:aws:s3:::logs/a") && !bucket.fits("arn:aws:s3:::"));
    assert!(object.fits("arn:aws:s3:::logs/a/b:c") && !object.fits("arn:aws:s3:::logs") && !object.fits("*"));
    let role = &form("iam", "role").arn;
    assert!(role.fits("arn:aws:iam::123456789012:role/team/app"));
    assert!(!role.fits("arn:aws:iam::123456789012:user/app") && !role.fits("arn:aws:iam:x:1:role/app"));
    let parameter = &form("ssm", "parameter").arn;
    assert!(parameter.fits("arn:aws:ssm:eu-west-1:123456789012:parameter/a/b"));
    assert_eq!(role.text(), "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}");
}
