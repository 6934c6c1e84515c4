//! A Terraform plan (`terraform show -json`): its changes of the network as calls of EC2.
//!
//! Ids that a plan does not know yet are those of resources that it makes itself: they are looked up by the references in its
//! configuration, once what they refer to is made.

use super::plan_rules::{acl_entry, difference_of, permissions, route};
use super::references::{Ids, expressions, ids_of};
use super::{Dry, NotDone, Step};
use crate::say::Trouble;
use serde_json::{Map, Value, json};

/// How many changes were made. What is not understood, and what EC2 refuses, is noted.
pub fn run(dry: &mut Dry<'_>, text: &str, not_done: &mut Vec<NotDone>) -> Result<usize, Trouble> {
    let plan: Value =
        serde_json::from_str(text).map_err(|error| Trouble::new(format!("the plan is no JSON: {error}")))?;
    let Some(changes) = plan.get("resource_changes").and_then(Value::as_array) else {
        return Err(Trouble::new("the plan has no resource_changes").hint("terraform show -json PLANFILE writes it"));
    };
    let mut ids = Ids::new();
    let mut open: Vec<Resource<'_>> = Vec::new();
    for change in changes {
        let resource = Resource::of(&plan, change);
        // The id of what is replaced is not the one that others will refer to.
        if let Some(id) = resource.before.get("id").and_then(Value::as_str).filter(|_| !resource.is_made()) {
            ids.insert(resource.address.to_owned(), id.to_owned());
        }
        if resource.changes() {
            open.push(resource);
        }
    }
    // What is used goes last: rules and routes before the groups and tables that hold them.
    let (parts, wholes): (Vec<_>, Vec<_>) = open.iter().filter(|r| r.is_deleted()).partition(|r| r.is_part());
    let mut done = 0;
    for resource in parts {
        match resource.delete() {
            Ok(steps) => done += usize::from(all(dry, &steps, not_done).is_some()),
            Err(why) => not_done.push(resource.refused(&why)),
        }
    }
    // What is replaced goes first where Terraform has it so, unless something uses it still.
    let mut left_over = Vec::new();
    for resource in wholes {
        let gone =
            resource.goes_first().then(|| resource.delete().ok().and_then(|steps| all(dry, &steps, &mut Vec::new())));
        match gone {
            Some(Some(_)) => {}
            _ => left_over.push(resource),
        }
    }
    let mut left: Vec<&Resource<'_>> = open.iter().filter(|r| r.is_made() || r.is_updated()).collect();
    let mut made = 0;
    loop {
        let before = left.len();
        let mut waiting = Vec::new();
        for resource in left {
            match resource.known(&ids) {
                None => waiting.push(resource),
                Some(after) => match resource.make(&after) {
                    Err(why) => not_done.push(resource.refused(&why)),
                    Ok(steps) => {
                        if let Some(id) = all(dry, &steps, not_done) {
                            made += 1;
                            ids.insert(resource.address.to_owned(), id);
                        }
                    }
                },
            }
        }
        left = waiting;
        if left.is_empty() || left.len() == before {
            break;
        }
    }
    not_done.extend(left.iter().map(|resource| resource.refused("it needs an id that the plan does not know")));
    let mut gone = 0;
    for resource in left_over {
        match resource.delete() {
            Ok(steps) => gone += usize::from(all(dry, &steps, not_done).is_some()),
            Err(why) => not_done.push(resource.refused(&why)),
        }
    }
    Ok(done + made + gone)
}

/// Runs the steps of one resource; the id of what was made, or nothing after a refusal. `$id` in a later step is that id.
fn all(dry: &mut Dry<'_>, steps: &[Step], not_done: &mut Vec<NotDone>) -> Option<String> {
    let mut id = String::new();
    for step in steps {
        let input = step.input.to_string().replace("\"$id\"", &Value::from(id.as_str()).to_string());
        let input = serde_json::from_str(&input).unwrap_or_default();
        let step = Step { written: step.written.clone(), operation: step.operation.clone(), input };
        match dry.run(&step) {
            Ok(reply) => {
                if id.is_empty() {
                    id = id_in(&reply);
                }
            }
            Err(refused) => {
                not_done.push(refused);
                return None;
            }
        }
    }
    Some(id)
}

/// The id that a create's reply tells.
fn id_in(reply: &Value) -> String {
    const PLACES: &[&str] = &[
        "/GroupId",
        "/RouteTable/RouteTableId",
        "/Subnet/SubnetId",
        "/VpcEndpoint/VpcEndpointId",
        "/NetworkAcl/NetworkAclId",
        "/AssociationId",
    ];
    PLACES.iter().find_map(|place| reply.pointer(place)?.as_str()).unwrap_or_default().to_owned()
}

/// One entry of `resource_changes`.
struct Resource<'a> {
    address: &'a str,
    kind: &'a str,
    is_data: bool,
    actions: Vec<&'a str>,
    before: &'a Value,
    after: &'a Value,
    unknown: &'a Value,
    /// The resource's expressions in the configuration.
    expressions: Option<&'a Value>,
    plan: &'a Value,
}

impl<'a> Resource<'a> {
    fn of(plan: &'a Value, change: &'a Value) -> Self {
        let text = |name: &str| change.get(name).and_then(Value::as_str).unwrap_or_default();
        let part = |name: &str| change.pointer(&format!("/change/{name}")).unwrap_or(&Value::Null);
        let actions = part("actions").as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        Self {
            address: text("address"),
            kind: text("type"),
            is_data: text("mode") == "data",
            actions,
            before: part("before"),
            after: part("after"),
            unknown: part("after_unknown"),
            expressions: expressions(plan, text("address")),
            plan,
        }
    }

    fn has(&self, action: &str) -> bool {
        self.actions.contains(&action)
    }
    fn changes(&self) -> bool {
        !self.is_data && (self.is_made() || self.is_updated() || self.is_deleted())
    }
    fn is_made(&self) -> bool {
        self.has("create")
    }
    fn is_updated(&self) -> bool {
        self.has("update")
    }
    fn is_deleted(&self) -> bool {
        self.has("delete")
    }
    /// Replaced, the old one before the new one.
    fn goes_first(&self) -> bool {
        self.is_made() && self.actions.first() == Some(&"delete")
    }
    /// Part of another resource, or between two.
    fn is_part(&self) -> bool {
        self.kind.ends_with("_rule") || self.kind.ends_with("_association") || self.kind == "aws_route"
    }

    fn refused(&self, why: &str) -> NotDone {
        NotDone { written: format!("{} ({})", self.address, self.actions.join(", ")), why: why.to_owned() }
    }

    fn step(&self, operation: &str, input: Value) -> Step {
        Step { written: self.address.to_owned(), operation: operation.to_owned(), input }
    }

    /// What it is to be, with the ids that are known by now; `None`: one is not known yet.
    fn known(&self, ids: &Ids) -> Option<Map<String, Value>> {
        let mut after = self.after.as_object().cloned().unwrap_or_default();
        for (name, unknown) in self.unknown.as_object().into_iter().flatten() {
            let is_wanted = name.ends_with("_id") || name.ends_with("_ids") || name == "referenced_security_group_id";
            if !is_wanted
                || unknown == &json!(false)
                || unknown.as_array().is_some_and(|all| !all.contains(&json!(true)))
            {
                continue;
            }
            let Some(expression) = self.expressions.and_then(|all| all.get(name)) else { continue };
            let found = ids_of(ids, self.plan, self.address, expression);
            match (unknown.is_array() || name.ends_with("_ids"), found.as_slice()) {
                (_, []) => return None,
                (true, all) => drop(after.insert(name.clone(), json!(all))),
                (false, [first, ..]) => drop(after.insert(name.clone(), json!(first))),
            }
        }
        Some(after)
    }

    fn make(&self, after: &Map<String, Value>) -> Result<Vec<Step>, String> {
        let text = |name: &str| after.get(name).filter(|value| !value.is_null()).cloned().unwrap_or_default();
        let former = self.before.as_object().cloned().unwrap_or_default();
        let is_new = self.is_made();
        Ok(match self.kind {
            "aws_security_group" if is_new => {
                let name = if text("name").is_null() { json!(self.address) } else { text("name") };
                let mut steps = vec![
                    self.step(
                        "CreateSecurityGroup",
                        json!({ "GroupName": name, "Description": text("description"), "VpcId": text("vpc_id") }),
                    ),
                    // Terraform takes away the rule that AWS gives a new group.
                    self.step(
                        "RevokeSecurityGroupEgress",
                        json!({ "GroupId": "$id", "IpPermissions": [
                        { "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }
                    ] }),
                    ),
                ];
                steps.extend(self.inline_rules(&Map::new(), after, "$id"));
                steps
            }
            "aws_security_group" => self.inline_rules(&former, after, &id(&former)),
            "aws_security_group_rule"
            | "aws_vpc_security_group_ingress_rule"
            | "aws_vpc_security_group_egress_rule" => {
                let mut steps = if is_new { vec![] } else { vec![self.rule("Revoke", &former)] };
                steps.push(self.rule("Authorize", after));
                steps
            }
            "aws_route" => vec![
                self.step(if is_new { "CreateRoute" } else { "ReplaceRoute" }, route(after, &text("route_table_id"))),
            ],
            "aws_route_table" => {
                let table = if is_new { "$id".to_owned() } else { id(&former) };
                let mut steps = Vec::new();
                if is_new {
                    steps.push(self.step("CreateRouteTable", json!({ "VpcId": text("vpc_id") })));
                }
                let (gone, come) = difference_of(&former, after, "route");
                let table = json!(table);
                steps.extend(gone.iter().map(|one| self.step("DeleteRoute", without_target(route(one, &table)))));
                steps.extend(come.iter().map(|one| self.step("CreateRoute", route(one, &table))));
                steps
            }
            "aws_route_table_association" if is_new => {
                vec![self.step(
                    "AssociateRouteTable",
                    json!({ "RouteTableId": text("route_table_id"), "SubnetId": text("subnet_id") }),
                )]
            }
            "aws_route_table_association" => {
                vec![self.step(
                    "ReplaceRouteTableAssociation",
                    json!({ "AssociationId": id(&former), "RouteTableId": text("route_table_id") }),
                )]
            }
            "aws_network_acl_rule" => {
                let operation = if is_new { "CreateNetworkAclEntry" } else { "ReplaceNetworkAclEntry" };
                let egress = after.get("egress").and_then(Value::as_bool).unwrap_or_default();
                vec![self.step(operation, acl_entry(after, &text("network_acl_id"), egress))]
            }
            "aws_network_acl" if !is_new && former.get("subnet_ids") == after.get("subnet_ids") => {
                self.inline_entries(&former, after)
            }
            "aws_subnet" if is_new => {
                let mut input = json!({ "VpcId": text("vpc_id"), "CidrBlock": text("cidr_block") });
                if !text("availability_zone").is_null() {
                    input["AvailabilityZone"] = text("availability_zone");
                }
                vec![self.step("CreateSubnet", input)]
            }
            // Tags and the like move no packet.
            "aws_subnet" => vec![],
            "aws_vpc_endpoint" if is_new => {
                let mut input = json!({ "VpcId": text("vpc_id"), "ServiceName": text("service_name") });
                let names = [
                    ("vpc_endpoint_type", "VpcEndpointType"),
                    ("route_table_ids", "RouteTableIds"),
                    ("subnet_ids", "SubnetIds"),
                    ("security_group_ids", "SecurityGroupIds"),
                    ("private_dns_enabled", "PrivateDnsEnabled"),
                    ("policy", "PolicyDocument"),
                ];
                for (name, member) in names {
                    if !text(name).is_null() {
                        input[member] = text(name);
                    }
                }
                vec![self.step("CreateVpcEndpoint", input)]
            }
            "aws_vpc_endpoint" => {
                let mut input = json!({ "VpcEndpointId": id(&former) });
                for (name, member) in [
                    ("route_table_ids", "RouteTableIds"),
                    ("subnet_ids", "SubnetIds"),
                    ("security_group_ids", "SecurityGroupIds"),
                ] {
                    let (gone, come) = lists(former.get(name), after.get(name));
                    input[format!("Remove{member}")] = json!(gone);
                    input[format!("Add{member}")] = json!(come);
                }
                vec![self.step("ModifyVpcEndpoint", input)]
            }
            "aws_vpc_endpoint_route_table_association" if is_new => {
                let input =
                    json!({ "VpcEndpointId": text("vpc_endpoint_id"), "AddRouteTableIds": [text("route_table_id")] });
                vec![self.step("ModifyVpcEndpoint", input)]
            }
            _ => return Err(self.not_understood()),
        })
    }

    fn delete(&self) -> Result<Vec<Step>, String> {
        let before = self.before.as_object().cloned().unwrap_or_default();
        let text = |name: &str| before.get(name).cloned().unwrap_or_default();
        let id = id(&before);
        Ok(vec![match self.kind {
            "aws_security_group" => self.step("DeleteSecurityGroup", json!({ "GroupId": id })),
            "aws_security_group_rule"
            | "aws_vpc_security_group_ingress_rule"
            | "aws_vpc_security_group_egress_rule" => self.rule("Revoke", &before),
            "aws_route" => self.step("DeleteRoute", without_target(route(&before, &text("route_table_id")))),
            "aws_route_table" => self.step("DeleteRouteTable", json!({ "RouteTableId": id })),
            "aws_route_table_association" => self.step("DisassociateRouteTable", json!({ "AssociationId": id })),
            "aws_network_acl_rule" => {
                let input = json!({ "NetworkAclId": text("network_acl_id"), "RuleNumber": text("rule_number"), "Egress": text("egress") });
                self.step("DeleteNetworkAclEntry", input)
            }
            "aws_subnet" => self.step("DeleteSubnet", json!({ "SubnetId": id })),
            "aws_vpc_endpoint" => self.step("DeleteVpcEndpoints", json!({ "VpcEndpointIds": [id] })),
            "aws_vpc_endpoint_route_table_association" => {
                let input = json!({ "VpcEndpointId": text("vpc_endpoint_id"), "RemoveRouteTableIds": [text("route_table_id")] });
                self.step("ModifyVpcEndpoint", input)
            }
            _ => return Err(self.not_understood()),
        }])
    }

    fn not_understood(&self) -> String {
        format!("{} of {} is not understood here", self.actions.join(" and "), self.kind)
    }

    /// A rule that is a resource of its own.
    fn rule(&self, verb: &str, of: &Map<String, Value>) -> Step {
        let is_ingress =
            self.kind == "aws_vpc_security_group_ingress_rule" || of.get("type") == Some(&json!("ingress"));
        let direction = if is_ingress { "Ingress" } else { "Egress" };
        let group = of.get("security_group_id").cloned().unwrap_or_default();
        let input = json!({ "GroupId": group, "IpPermissions": permissions(of, group.as_str().unwrap_or_default()) });
        self.step(&format!("{verb}SecurityGroup{direction}"), input)
    }

    fn inline_rules(&self, former: &Map<String, Value>, after: &Map<String, Value>, group: &str) -> Vec<Step> {
        let mut steps = Vec::new();
        for (name, direction) in [("ingress", "Ingress"), ("egress", "Egress")] {
            let (gone, come) = difference_of(former, after, name);
            for (verb, rules) in [("Revoke", gone), ("Authorize", come)] {
                for rule in rules {
                    let input = json!({ "GroupId": group, "IpPermissions": permissions(&rule, group) });
                    steps.push(self.step(&format!("{verb}SecurityGroup{direction}"), input));
                }
            }
        }
        steps
    }

    fn inline_entries(&self, former: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Step> {
        let acl = json!(id(former));
        let mut steps = Vec::new();
        for (name, egress) in [("ingress", false), ("egress", true)] {
            let (gone, come) = difference_of(former, after, name);
            steps.extend(gone.iter().map(|one| {
                let number = one.get("rule_no").cloned().unwrap_or_default();
                self.step(
                    "DeleteNetworkAclEntry",
                    json!({ "NetworkAclId": acl, "RuleNumber": number, "Egress": egress }),
                )
            }));
            steps.extend(come.iter().map(|one| self.step("CreateNetworkAclEntry", acl_entry(one, &acl, egress))));
        }
        steps
    }
}

fn id(of: &Map<String, Value>) -> String {
    of.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn without_target(mut route: Value) -> Value {
    if let Some(members) = route.as_object_mut() {
        members.retain(|name, _| name.starts_with("Destination") || name == "RouteTableId");
    }
    route
}

/// What only the first has, and what only the second.
fn lists(before: Option<&Value>, after: Option<&Value>) -> (Vec<Value>, Vec<Value>) {
    let list = |of: Option<&Value>| of.and_then(Value::as_array).cloned().unwrap_or_default();
    let (before, after) = (list(before), list(after));
    let only = |one: &[Value], other: &[Value]| one.iter().filter(|item| !other.contains(item)).cloned().collect();
    (only(&before, &after), only(&after, &before))
}
