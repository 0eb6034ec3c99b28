locals {
  platform = ["111122223333", "444455556666"]
  prefix   = "pay"
}

variable "labs" {
  default = ["play"]
}

resource "aws_ce_cost_category" "unit" {
  name            = "Unit"
  rule_version    = "CostCategoryExpression.v1"
  effective_start = "2026-10-01T00:00:00Z"
  default_value   = "rest"

  rule {
    value = "technology"
    rule {
      cost_category {
        key    = aws_ce_cost_category.team.name
        values = ["platform", "data"]
      }
    }
  }
  rule {
    type = "INHERITED_VALUE"
    inherited_value {
      dimension_name = "TAG"
      dimension_key  = "unit"
    }
  }
  split_charge_rule {
    source  = "rest"
    targets = ["technology", "retail"]
    method  = "FIXED"
    parameter {
      type   = "ALLOCATION_PERCENTAGES"
      values = ["25", "75"]
    }
  }
}

resource "aws_ce_cost_category" "team" {
  name         = "Team"
  rule_version = "CostCategoryExpression.v1"

  rule {
    value = "platform"
    rule {
      and {
        dimension {
          key    = "LINKED_ACCOUNT"
          values = local.platform
        }
      }
      and {
        not {
          tags {
            key    = "team"
            values = ["data"]
          }
        }
      }
    }
  }
  rule {
    value = "data"
    rule {
      or {
        tags {
          key    = "team"
          values = ["data"]
        }
      }
      or {
        dimension {
          key           = "LINKED_ACCOUNT_NAME"
          values        = ["${local.prefix}-data-", "lake-"]
          match_options = ["STARTS_WITH"]
        }
      }
    }
  }
  rule {
    value = "labs"
    rule {
      dimension {
        key    = "LINKED_ACCOUNT_NAME"
        values = var.labs
      }
    }
  }
  dynamic "rule" {
    for_each = var.more
    content {
      value = rule.key
    }
  }
}

resource "aws_s3_bucket" "other" {
  bucket = "other"
}
