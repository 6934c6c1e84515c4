//! Groups and instance profiles: things that hold others.

use super::*;

#[tokio::test]
async fn a_group_gives_its_members_its_policies() {
    let lab = Lab::new();
    let ann = lab.user("ann").await;
    lab.ok("CreateGroup", json!({ "GroupName": "readers" })).await;
    lab.ok(
        "AttachGroupPolicy",
        json!({ "GroupName": "readers", "PolicyArn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess" }),
    )
    .await;
    assert!(lab.call_as(&ann, "ListUsers", json!({})).await.is_err());
    lab.ok("AddUserToGroup", json!({ "GroupName": "readers", "UserName": "ann" })).await;
    lab.call_as(&ann, "ListUsers", json!({})).await.unwrap();
    let group = lab.ok("GetGroup", json!({ "GroupName": "readers" })).await;
    assert_eq!(names(&group["Users"], "UserName"), ["ann"]);
    assert_eq!(group["Group"]["Arn"], "arn:aws:iam::123456789012:group/readers");
    let groups = lab.ok("ListGroupsForUser", json!({ "UserName": "ann" })).await["Groups"].clone();
    assert_eq!(names(&groups, "GroupName"), ["readers"]);
    assert_eq!(
        lab.refused("DeleteGroup", json!({ "GroupName": "readers" })).await,
        "DeleteConflict: Cannot delete entity, must remove users from group first."
    );
    lab.ok("UpdateUser", json!({ "UserName": "ann", "NewUserName": "anna" })).await;
    assert_eq!(names(&lab.ok("GetGroup", json!({ "GroupName": "readers" })).await["Users"], "UserName"), ["anna"]);
    lab.ok("UpdateGroup", json!({ "GroupName": "readers", "NewGroupName": "lookers" })).await;
    lab.ok("RemoveUserFromGroup", json!({ "GroupName": "lookers", "UserName": "anna" })).await;
    lab.ok(
        "DetachGroupPolicy",
        json!({ "GroupName": "lookers", "PolicyArn": "arn:aws:iam::aws:policy/IAMReadOnlyAccess" }),
    )
    .await;
    lab.ok("DeleteGroup", json!({ "GroupName": "lookers" })).await;
    assert_eq!(
        lab.refused("GetGroup", json!({ "GroupName": "lookers" })).await,
        "NoSuchEntity: The group with name lookers cannot be found."
    );
}

#[tokio::test]
async fn a_profile_carries_one_role() {
    let lab = Lab::new();
    lab.role("web", TRUST_EC2).await;
    let made =
        lab.ok("CreateInstanceProfile", json!({ "InstanceProfileName": "box" })).await["InstanceProfile"].clone();
    assert_eq!((&made["Arn"], &made["Roles"]), (&json!("arn:aws:iam::123456789012:instance-profile/box"), &json!([])));
    let both = json!({ "InstanceProfileName": "box", "RoleName": "web" });
    lab.ok("AddRoleToInstanceProfile", both.clone()).await;
    assert_eq!(
        lab.refused("AddRoleToInstanceProfile", both.clone()).await,
        "LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"
    );
    let got = lab.ok("GetInstanceProfile", json!({ "InstanceProfileName": "box" })).await["InstanceProfile"].clone();
    assert_eq!(names(&got["Roles"], "RoleName"), ["web"]);
    let of_role = lab.ok("ListInstanceProfilesForRole", json!({ "RoleName": "web" })).await["InstanceProfiles"].clone();
    assert_eq!(names(&of_role, "InstanceProfileName"), ["box"]);
    for (operation, input) in [
        ("DeleteRole", json!({ "RoleName": "web" })),
        ("DeleteInstanceProfile", json!({ "InstanceProfileName": "box" })),
    ] {
        assert_eq!(
            lab.refused(operation, input).await,
            "DeleteConflict: Cannot delete entity, must remove roles from instance profile first."
        );
    }
    lab.ok("RemoveRoleFromInstanceProfile", both).await;
    lab.ok("DeleteInstanceProfile", json!({ "InstanceProfileName": "box" })).await;
    assert_eq!(
        lab.refused("GetInstanceProfile", json!({ "InstanceProfileName": "box" })).await,
        "NoSuchEntity: Instance Profile box cannot be found."
    );
}

#[tokio::test]
async fn everything_can_be_tagged() {
    let lab = Lab::new();
    lab.user("ann").await;
    lab.role("web", TRUST_EC2).await;
    lab.ok("CreateInstanceProfile", json!({ "InstanceProfileName": "box" })).await;
    let policy =
        lab.ok("CreatePolicy", json!({ "PolicyName": "p", "PolicyDocument": ALLOW_S3 })).await["Policy"]["Arn"].clone();
    for (kind, member, name) in [
        ("User", "UserName", json!("ann")),
        ("Role", "RoleName", json!("web")),
        ("InstanceProfile", "InstanceProfileName", json!("box")),
        ("Policy", "PolicyArn", policy),
    ] {
        let tags = json!([{ "Key": "a", "Value": "1" }, { "Key": "b", "Value": "2" }]);
        lab.ok(&format!("Tag{kind}"), json!({ member: name, "Tags": tags })).await;
        lab.ok(&format!("Tag{kind}"), json!({ member: name, "Tags": [{ "Key": "a", "Value": "3" }] })).await;
        lab.ok(&format!("Untag{kind}"), json!({ member: name, "TagKeys": ["b"] })).await;
        let listed = lab.ok(&format!("List{kind}Tags"), json!({ member: name })).await;
        assert_eq!(listed["Tags"], json!([{ "Key": "a", "Value": "3" }]), "{kind}");
    }
}
