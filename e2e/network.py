"""A VPC with a public and a private subnet, made and removed through the public API."""

import itertools

COUNTER = itertools.count(16)
IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


class Network:
    """`place` is the AWS region that it is in."""

    def __init__(self, region, place="us-east-1"):
        self.region = region
        self.ec2 = ec2 = region.client("ec2", region_name=place)
        second = next(COUNTER)
        self.vpc = ec2.create_vpc(CidrBlock=f"10.{second}.0.0/16")["Vpc"]["VpcId"]
        self.public = ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.{second}.1.0/24", AvailabilityZone=f"{place}a")["Subnet"]["SubnetId"]
        self.private = ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.{second}.2.0/24", AvailabilityZone=f"{place}b")["Subnet"]["SubnetId"]
        self.igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=self.igw, VpcId=self.vpc)
        self.public_table = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=self.public_table, DestinationCidrBlock="0.0.0.0/0", GatewayId=self.igw)
        ec2.associate_route_table(RouteTableId=self.public_table, SubnetId=self.public)
        main = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}, {"Name": "association.main", "Values": ["true"]}])
        self.private_table = main["RouteTables"][0]["RouteTableId"]
        self.instances = []

    def group(self, name, *ingress, egress=True):
        """A security group; ingress: (protocol, port, cidr or group)."""
        group = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]
        for protocol, port, peer in ingress:
            permission = {"IpProtocol": protocol}
            if protocol in ("tcp", "udp"):
                permission |= {"FromPort": port, "ToPort": port}
            elif protocol == "icmp":
                permission |= {"FromPort": -1, "ToPort": -1}
            if peer.startswith("sg-"):
                permission["UserIdGroupPairs"] = [{"GroupId": peer}]
            else:
                permission["IpRanges"] = [{"CidrIp": peer}]
            self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
        if not egress:
            self.ec2.revoke_security_group_egress(
                GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
            )
        return group

    def instance(self, subnet, groups=None, public=False, **more):
        """Runs an instance and gives its description once it runs."""
        interface = {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": public}
        if groups:
            interface["Groups"] = groups
        made = self.ec2.run_instances(
            ImageId=self.image(), InstanceType="t3.micro", MinCount=1, MaxCount=1, NetworkInterfaces=[interface], **more
        )
        instance = made["Instances"][0]["InstanceId"]
        self.instances.append(instance)
        return self.region.wait_running(instance, ec2=self.ec2)[0]

    def image(self):
        return IMAGE

    def gateway_endpoint(self, *tables, **more):
        made = self.ec2.create_vpc_endpoint(
            VpcId=self.vpc, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=list(tables), **more
        )
        return made["VpcEndpoint"]["VpcEndpointId"]

    def interface_endpoint(self, service, *subnets, groups=(), **more):
        """Makes one and gives the create reply's description."""
        more.setdefault("VpcEndpointType", "Interface")
        if groups:
            more["SecurityGroupIds"] = list(groups)
        return self.ec2.create_vpc_endpoint(
            VpcId=self.vpc, ServiceName=f"com.amazonaws.us-east-1.{service}", SubnetIds=list(subnets), **more
        )["VpcEndpoint"]

    def dns_hostnames(self, enable):
        self.ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": enable})

    def credentials(self, instance):
        """The administrator's keys on the instance, as `aws configure` would leave them (the first lab runs it)."""
        e = self.region.environment
        self.region.run(
            instance,
            "mkdir -p ~/.aws && cat > ~/.aws/credentials && printf '[default]\\nregion = us-east-1\\n' > ~/.aws/config",
            stdin=f"[default]\naws_access_key_id = {e['AWS_ACCESS_KEY_ID']}\naws_secret_access_key = {e['AWS_SECRET_ACCESS_KEY']}\n",
        )

    def remove(self):
        ec2 = self.ec2
        of_vpc = [{"Name": "vpc-id", "Values": [self.vpc]}]
        if self.instances:
            ec2.terminate_instances(InstanceIds=self.instances)
            ec2.get_waiter("instance_terminated").wait(
                InstanceIds=self.instances, WaiterConfig={"Delay": 0.05, "MaxAttempts": 600}
            )
        endpoints = [e["VpcEndpointId"] for e in ec2.describe_vpc_endpoints(Filters=of_vpc)["VpcEndpoints"]]
        if endpoints:
            assert ec2.delete_vpc_endpoints(VpcEndpointIds=endpoints)["Unsuccessful"] == []
        for nat in ec2.describe_nat_gateways(Filters=of_vpc)["NatGateways"]:
            if nat["State"] != "deleted":
                ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
                ec2.get_waiter("nat_gateway_deleted").wait(
                    NatGatewayIds=[nat["NatGatewayId"]], WaiterConfig={"Delay": 0.05, "MaxAttempts": 600}
                )
        for interface in ec2.describe_network_interfaces(Filters=of_vpc)["NetworkInterfaces"]:
            ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
        for acl in ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"]:
            if acl["IsDefault"]:
                continue
            default = next(a for a in ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"] if a["IsDefault"])
            for association in acl["Associations"]:
                ec2.replace_network_acl_association(
                    AssociationId=association["NetworkAclAssociationId"], NetworkAclId=default["NetworkAclId"]
                )
            ec2.delete_network_acl(NetworkAclId=acl["NetworkAclId"])
        groups = [g for g in ec2.describe_security_groups(Filters=of_vpc)["SecurityGroups"] if g["GroupName"] != "default"]
        for group in groups:
            for permission in group["IpPermissions"]:
                ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[permission])
            for permission in group["IpPermissionsEgress"]:
                ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=[permission])
        for group in groups:
            ec2.delete_security_group(GroupId=group["GroupId"])
        for subnet in ec2.describe_subnets(Filters=of_vpc)["Subnets"]:
            ec2.delete_subnet(SubnetId=subnet["SubnetId"])
        for table in ec2.describe_route_tables(Filters=of_vpc)["RouteTables"]:
            if not any(a["Main"] for a in table["Associations"]):
                ec2.delete_route_table(RouteTableId=table["RouteTableId"])
        ec2.detach_internet_gateway(InternetGatewayId=self.igw, VpcId=self.vpc)
        ec2.delete_internet_gateway(InternetGatewayId=self.igw)
        ec2.delete_vpc(VpcId=self.vpc)
