//! Roles that are linked to services.

use super::*;

#[tokio::test]
async fn they_are_made_for_a_service_and_changed_by_nobody() {
    let lab = Lab::new();
    let made = lab.ok("CreateServiceLinkedRole", json!({ "AWSServiceName": "ecs.amazonaws.com" })).await;
    let role = &made["Role"];
    assert_eq!(role["Arn"], "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS");
    assert!(decoded(&role["AssumeRolePolicyDocument"]).contains("ecs.amazonaws.com"));
    for (operation, more) in [
        ("AttachRolePolicy", json!({ "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess" })),
        ("PutRolePolicy", json!({ "PolicyName": "p", "PolicyDocument": ALLOW_S3 })),
        ("UpdateAssumeRolePolicy", json!({ "PolicyDocument": TRUST_EC2 })),
        ("DeleteRole", json!({})),
    ] {
        let mut input = more;
        input["RoleName"] = json!("AWSServiceRoleForECS");
        let refusal = lab.refused(operation, input).await;
        assert!(
            refusal.starts_with("UnmodifiableEntity: Cannot perform the operation on the protected role"),
            "{refusal}"
        );
    }
    let again = lab.refused("CreateServiceLinkedRole", json!({ "AWSServiceName": "ecs.amazonaws.com" })).await;
    assert!(again.starts_with("InvalidInput: Service role name AWSServiceRoleForECS has been taken"), "{again}");
    for (service, suffix) in [("ecs.amazonaws.com", Some("x")), ("ec2.amazonaws.com", None)] {
        let mut input = json!({ "AWSServiceName": service });
        if let Some(suffix) = suffix {
            input["CustomSuffix"] = json!(suffix);
        }
        assert!(lab.refused("CreateServiceLinkedRole", input).await.starts_with("InvalidInput"));
    }
    let suffixed = json!({ "AWSServiceName": "autoscaling.amazonaws.com", "CustomSuffix": "blue" });
    let made = lab.ok("CreateServiceLinkedRole", suffixed).await;
    assert_eq!(made["Role"]["RoleName"], "AWSServiceRoleForAutoScaling_blue");
    let reserved = json!({ "RoleName": "r", "Path": "/aws-service-role/x/", "AssumeRolePolicyDocument": TRUST_EC2 });
    assert!(lab.refused("CreateRole", reserved).await.starts_with("InvalidInput"));

    let deleted = lab.ok("DeleteServiceLinkedRole", json!({ "RoleName": "AWSServiceRoleForECS" })).await;
    let lab = lab.restart();
    assert!(lab.refused("GetRole", json!({ "RoleName": "AWSServiceRoleForECS" })).await.starts_with("NoSuchEntity"));
    assert_eq!(lab.ok("GetServiceLinkedRoleDeletionStatus", deleted).await, json!({ "Status": "SUCCEEDED" }));
    let other = json!({ "DeletionTaskId": "task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/1" });
    assert!(lab.refused("GetServiceLinkedRoleDeletionStatus", other).await.starts_with("NoSuchEntity"));
    lab.role("plain", TRUST_EC2).await;
    assert!(lab.refused("DeleteServiceLinkedRole", json!({ "RoleName": "plain" })).await.starts_with("InvalidInput"));
}
