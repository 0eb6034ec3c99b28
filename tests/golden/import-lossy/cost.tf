resource "aws_ce_cost_category" "team" {
  name         = "Team"
  rule_version = "CostCategoryExpression.v1"
  rule {
    value = "web"
    rule {
      tags {
        key    = "team"
        values = var.web
      }
    }
  }
  rule {
    value = "data"
    rule {
      tags {
        key    = "team"
        values = ["data"]
      }
    }
  }
}
