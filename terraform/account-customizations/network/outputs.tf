output "vpc_id" {
  description = "The id of the VPC."
  value       = aws_vpc.this.id
}

output "private_subnet_ids" {
  description = "The ids of the private subnets, by Availability Zone."
  value       = { for zone, subnet in aws_subnet.private : zone => subnet.id }
}

output "private_route_table_id" {
  description = "The id of the route table that all private subnets share."
  value       = aws_route_table.private.id
}
