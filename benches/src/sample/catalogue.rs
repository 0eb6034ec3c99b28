//! What Acme runs, resource by resource. The tags are spelt as people spell them.

use super::calendar::day;
use super::commitment::{COMPUTE_PLAN, DATABASE_RESERVATION, VM_RESERVATION};
use super::meter::Meter;
use super::service as s;

const fn m(
    account: &'static str,
    service: &'static s::Service,
    resource: &'static str,
    sku: [&'static str; 4],
    tags: &'static str,
) -> Meter {
    Meter::new(account, service, resource, sku, tags)
}

/// All meters of a provider's bills, in the order in which commitments cover them.
#[must_use]
pub fn aws() -> Vec<Meter> {
    [retail(), payments(), data(), shared()].concat()
}

#[rustfmt::skip]
fn retail() -> Vec<Meter> {
    vec![
        m("retail-prod", &s::EC2, "shop-web", ["m6i.8xlarge", "Hours", "23.1", "1.536"], "cost-center=CC1010; environment=prod; application=web-shop").times(4).grows(3).weekend(112).covered_by(COMPUTE_PLAN),
        m("retail-prod", &s::EC2, "shop-search", ["r6i.8xlarge", "Hours", "22.6", "2.016"], "CostCenter=cc1010; env=PRD; application=web-shop").times(2).weekend(108).covered_by(COMPUTE_PLAN),
        m("retail-prod", &s::EC2, "app-api", ["m6i.4xlarge", "Hours", "22.9", "0.768"], "cost-center=CC1020; environment=prod").times(3).grows(4).weekend(120).covered_by(COMPUTE_PLAN),
        m("retail-prod", &s::RDS, "shop-db", ["db.r6g.8xlarge", "Hours", "24", "3.66"], "cost_center=CC1010; Environment=Production").times(2).steady().covered_by(DATABASE_RESERVATION),
        m("retail-prod", &s::ELASTICACHE, "shop-cache", ["cache.r6g.4xlarge", "Hours", "23.8", "1.6415"], "cc=CC1010; environment=production"),
        m("retail-prod", &s::S3, "shop-media", ["TimedStorage-ByteHrs", "GB-Mo", "5806.4516", "0.0235"], "cc=CC1010; env=prod; note=owner, see \"wiki\"").grows(2),
        m("retail-prod", &s::CLOUDFRONT, "SHOPCDN", ["EU-DataTransfer-Out-Bytes", "GB", "1764.7", "0.085"], "").grows(5).weekend(125),
        m("retail-prod", &s::DYNAMODB, "app-sessions", ["ReadRequestUnits", "Requests", "246350000", "0.0000003045"], "cost-center=CC1020; environment=prd").grows(4).weekend(120),
        m("retail-prod", &s::LAMBDA, "app-push", ["Lambda-GB-Second", "GB-Second", "0.0011", "0.0000166667"], "cost-center=CC1020; environment=prod"),
        m("retail-prod", &s::EC2, "pos-gateway", ["m6i.4xlarge", "Hours", "24", "0.768"], "CostCenter=CC1030; env=Production").times(2).weekend(75),
        m("retail-prod", &s::S3, "legacy-exports", ["TimedStorage-ByteHrs", "GB-Mo", "5106.38", "0.0235"], ""),
        m("retail-prod", &s::EC2, "test-old", ["m5.4xlarge", "Hours", "24", "0.92"], "cost-center=CC7777; environment=test"),
        m("loyalty-prod", &s::EC2, "loyalty-core", ["m6i.8xlarge", "Hours", "22.4", "1.536"], "cost-center=CC1040; environment=prod").times(2).grows(-6).covered_by(COMPUTE_PLAN),
        m("loyalty-prod", &s::RDS, "loyalty-db", ["db.r6g.4xlarge", "Hours", "24", "1.83"], "").steady(),
        m("retail-dev", &s::EC2, "shop-dev", ["m6i.2xlarge", "Hours", "14.2", "0.384"], "env=dev; created-by=terraform").times(3).weekend(15),
    ]
}

#[rustfmt::skip]
fn payments() -> Vec<Meter> {
    vec![
        m("payments-prod", &s::EC2, "card-core", ["c6i.8xlarge", "Hours", "23.4", "1.36"], "cost-center=CC2010; environment=prod; pci=true").times(4).grows(2).weekend(94).covered_by(COMPUTE_PLAN),
        m("payments-prod", &s::RDS, "card-ledger", ["db.r6g.16xlarge", "Hours", "24", "7.3"], "CostCenter=CC2010; Environment=PROD; pci=true").times(2).steady().covered_by(DATABASE_RESERVATION),
        m("payments-prod", &s::MSK, "card-events", ["kafka.m5.4xlarge", "Hours", "47.6", "1.92"], "cost-center=cc2010; environment=prod").grows(1),
        m("payments-prod", &s::EC2, "fraud-scoring", ["g5.4xlarge", "Hours", "23.2", "1.624"], "owner=ops@fraud.acme.example; env=prod").times(2).grows(3),
        m("payments-prod", &s::SAGEMAKER, "fraud-training", ["ml.p3.8xlarge", "Hours", "8.15", "14.688"], "cc=CC2020; environment=prod").weekend(40),
        m("payments-prod", &s::RDS, "settlement-db", ["db.r6g.8xlarge", "Hours", "24", "3.66"], "cost_center=cc2030; environment=prod").steady(),
        m("payments-prod", &s::S3, "settlement-archive", ["TimedStorage-GlacierStaging", "GB-Mo", "12412.5", "0.0036"], "cost-center=CC2030; environment=prod").grows(2),
        m("payments-prod", &s::KMS, "card-keys", ["Requests-RSA2048", "Requests", "17.4", "0.000003"], "cost-center=CC2010; environment=prod"),
        m("payments-dev", &s::EC2, "settlement-dev", ["m6i.2xlarge", "Hours", "13.8", "0.384"], "Environment=Dev").times(2).weekend(20),
    ]
}

/// October's story: reporting leaves the Spark cluster, which the Savings Plan was bought for, and
/// moves to a serverless warehouse that costs far more than was planned.
#[rustfmt::skip]
fn data() -> Vec<Meter> {
    vec![
        m("data-prod", &s::EC2, "spark", ["r6i.8xlarge", "Hours", "23.7", "2.016"], "cost-center=CC3010; environment=prod; application=reporting").times(5).grows(2).ends(day(10, 5)).covered_by(COMPUTE_PLAN),
        m("data-prod", &s::REDSHIFT, "reporting", ["ServerlessUsage", "RPU-Hours", "2290.5", "0.3745"], "cost-center=CC3010; environment=prod; application=reporting").starts(day(10, 5)).weekend(45).surges(day(10, 19), day(10, 24), 310),
        m("data-prod", &s::S3, "datalake", ["TimedStorage-ByteHrs", "GB-Mo", "16774.19", "0.0225"], "CostCenter=CC3010; environment=prod").grows(6),
        m("data-prod", &s::GLUE, "etl-nightly", ["ETL-DPU-Hour", "DPU-Hour", "248.7", "0.44"], "cost-center=CC3010; environment=prod").weekend(70),
        m("data-prod", &s::ATHENA, "adhoc", ["DataScannedInTB", "Terabytes", "6.8", "5"], "").weekend(30).retagged(day(10, 12), "cost-center=CC3010; environment=prod"),
        m("data-prod", &s::ATHENA, "finance-reports", ["DataScannedInTB", "Terabytes", "4.9", "5"], "cost-center=CC301O; environment=prod").weekend(10),
        m("data-prod", &s::SAGEMAKER, "ranking-training", ["ml.g5.12xlarge", "Hours", "27.6", "7.09"], "cost_center=CC3020; env=prod").grows(5).weekend(60),
        m("data-prod", &s::EC2, "reco-engine", ["m6i.8xlarge", "Hours", "23.5", "1.536"], "cost-center=CC3030; environment=prod; application=recommendations").times(2).grows(3).covered_by(COMPUTE_PLAN),
        m("data-prod", &s::EC2, "reco-batch", ["m6i.8xlarge", "Hours", "11.9", "1.536"], "application=recommendations; Env=prod").covered_by(COMPUTE_PLAN),
        m("data-sandbox", &s::SAGEMAKER, "notebooks", ["ml.t3.2xlarge", "Hours", "72.5", "0.48"], "environment=Sand-Box").weekend(35),
        m("data-sandbox", &s::S3, "sandbox", ["Requests-Tier2", "Requests", "6.5", "0.0000004"], ""),
    ]
}

#[rustfmt::skip]
fn shared() -> Vec<Meter> {
    vec![
        m("platform-prod", &s::EC2, "k8s-node", ["m6i.8xlarge", "Hours", "23.6", "1.536"], "shared=true; environment=prod; application=kubernetes").times(5).grows(2).covered_by(COMPUTE_PLAN),
        m("platform-prod", &s::EKS, "shared-cluster", ["AmazonEKS-Hours", "Hours", "72", "0.10"], "shared=TRUE; environment=prod").steady(),
        m("platform-prod", &s::CLOUDWATCH, "logs", ["DataProcessing-Bytes", "GB", "152.4", "0.63"], "Shared=true; env=prd").grows(3),
        m("platform-prod", &s::KMS, "pipeline-keys", ["Requests-RSA2048", "Requests", "5.2", "0.000003"], "environment=prod; team=Plattform Zürich"),
        m("network-hub", &s::VPC, "hub", ["TransitGateway-Bytes", "GB", "5214.3", "0.02"], "environment=prod").grows(3).weekend(85),
        m("network-hub", &s::VPC, "nat-egress", ["NatGateway-Bytes", "GB", "1038.5", "0.052"], "").grows(3).weekend(85),
        m("network-hub", &s::DIRECT_CONNECT, "frankfurt", ["PortUsage:10G", "Hours", "24", "2.25"], "environment=prod").steady(),
        m("security", &s::GUARDDUTY, "organisation", ["PaidEventsAnalyzed", "Events", "12125000", "0.000004"], "environment=prod").grows(2),
        m("security", &s::SECURITY_HUB, "organisation", ["PaidComplianceCheck", "Checks", "12480", "0.001"], "environment=prod"),
        m("retail-prod", &s::WAF, "shop-edge", ["RequestsCount", "Requests", "36150000", "0.0000006"], "cost-center=CC1010; environment=prod").weekend(120),
    ]
}

#[must_use]
#[rustfmt::skip]
pub fn azure() -> Vec<Meter> {
    vec![
        m("Retail Web", &s::VM, "rg-store-prod/vm-till", ["D16s v5", "1 Hour", "24", "0.768"], "CostCenter=CC1030; Environment=prod").times(3).steady().covered_by(VM_RESERVATION),
        m("Retail Web", &s::SQL, "rg-store-prod/sqldb-stock", ["vCore - Business Critical", "1 Hour", "384", "0.2481"], "cost-center=CC1030; env=Production").steady(),
        m("Retail Web", &s::APP_SERVICE, "rg-shop-prod/asp-shop-de", ["P3 v3", "1 Hour", "94.2", "0.6400"], "").weekend(110),
        m("Retail Web", &s::FRONT_DOOR, "rg-shop-prod/fd-shop", ["Standard Data Transfer Out", "1 GB", "621.35", "0.0725"], "CostCenter=CC1010; Environment=PRD").grows(4).weekend(125),
        m("Retail Web", &s::STORAGE, "rg-legacy/stlegacylogs", ["Hot LRS Data Stored", "1 GB/Month", "1984.516", "0.0184"], ""),
        m("Data Lab", &s::DATABRICKS, "rg-datalab/dbw-lab", ["Premium All-purpose Compute DBU", "1 Hour", "418.2", "0.5025"], "cc=CC3020; env=dev").weekend(25).grows(3),
        m("Data Lab", &s::AZURE_ML, "rg-datalab/mlw-forecast", ["NC24ads A100 v4", "1 Hour", "22.4", "4.0137"], "").weekend(50),
        m("Data Lab", &s::STORAGE, "rg-datalab/stlablake", ["Hot RA-GRS Data Stored", "1 GB/Month", "2241.935", "0.0379"], " CostCenter=CC3010; environment=dev").grows(5),
        m("Data Lab", &s::OPENAI, "rg-genai/oai-texts", ["gpt-4.1 Inp glbl Tokens", "1K", "43520.6", "0.0018465"], "cost-center=CC3030; environment=prod").starts(day(9, 15)).grows(38),
        m("Corporate IT", &s::VIRTUAL_WAN, "rg-net-hub/vwan-acme", ["Standard Hub Data Processed", "1 GB", "5482.6", "0.0201"], "environment=prod").grows(2).weekend(70),
        m("Corporate IT", &s::DEFENDER, "rg-corp-it/default", ["Standard P2 Node", "1 Node/Month", "2.9032", "13.0935"], ""),
        m("Corporate IT", &s::BACKUP, "rg-corp-it/rsv-main", ["GRS Data Stored", "1 GB/Month", "812.9032", "0.0448"], "cost-center=CC9010; environment=prod").grows(1),
        m("Corporate IT", &s::VM, "rg-corp-it/vm-dc", ["D8s v5", "1 Hour", "24", "0.384"], "cost-center=CC9010; Environment=PROD").times(2).steady(),
        m("Corporate IT", &s::MONITOR, "rg-corp-it/log-shared", ["Analytics Logs Data Ingestion", "1 GB", "15.42", "2.7560"], "shared=true; environment=prod"),
        m("Corporate IT", &s::VM, "rg-corp-it/vm-poc-42", ["E16s v5", "1 Hour", "24", "1.216"], "cost-center=tbd; environment=poc"),
    ]
}
