//! The cloud services that Acme uses, in the words of FOCUS.

/// A service of a provider.
#[derive(Debug)]
pub struct Service {
    pub name: &'static str,
    /// The provider's own code: AWS service code, Azure meter category.
    pub code: &'static str,
    pub category: &'static str,
    pub subcategory: &'static str,
    pub resource_type: &'static str,
    /// How ids of its resources begin: AWS `service:type/`, Azure `Namespace/type`.
    pub id_stem: &'static str,
}

macro_rules! services {
    ($($konst:ident = $name:literal $code:literal, $category:literal / $sub:literal, $kind:literal $stem:literal;)*) => {
        $(pub static $konst: Service = Service {
            name: $name, code: $code, category: $category, subcategory: $sub,
            resource_type: $kind, id_stem: $stem,
        };)*
    };
}

services! {
    EC2 = "Amazon Elastic Compute Cloud" "AmazonEC2", "Compute" / "Virtual Machines", "Instance" "ec2:instance/i-";
    LAMBDA = "AWS Lambda" "AWSLambda", "Compute" / "Serverless Compute", "Function" "lambda:function:";
    EKS = "Amazon Elastic Kubernetes Service" "AmazonEKS", "Compute" / "Containers", "Cluster" "eks:cluster/";
    RDS = "Amazon Relational Database Service" "AmazonRDS", "Databases" / "Relational Databases", "DB Instance" "rds:db:";
    DYNAMODB = "Amazon DynamoDB" "AmazonDynamoDB", "Databases" / "NoSQL Databases", "Table" "dynamodb:table/";
    ELASTICACHE = "Amazon ElastiCache" "AmazonElastiCache", "Databases" / "Caching", "Cache Cluster" "elasticache:cluster:";
    S3 = "Amazon Simple Storage Service" "AmazonS3", "Storage" / "Object Storage", "Bucket" "s3:::";
    CLOUDFRONT = "Amazon CloudFront" "AmazonCloudFront", "Networking" / "Content Delivery", "Distribution" "cloudfront:distribution/E";
    VPC = "Amazon Virtual Private Cloud" "AmazonVPC", "Networking" / "Network Infrastructure", "Transit Gateway" "ec2:transit-gateway/tgw-";
    DIRECT_CONNECT = "AWS Direct Connect" "AWSDirectConnect", "Networking" / "Network Connectivity", "Connection" "directconnect:dxcon/dxcon-";
    MSK = "Amazon Managed Streaming for Apache Kafka" "AmazonMSK", "Integration" / "Messaging", "Cluster" "kafka:cluster/";
    SAGEMAKER = "Amazon SageMaker" "AmazonSageMaker", "AI and Machine Learning" / "Machine Learning", "Training Job" "sagemaker:training-job/";
    REDSHIFT = "Amazon Redshift Serverless" "AmazonRedshift", "Analytics" / "Data Warehouses", "Workgroup" "redshift-serverless:workgroup/";
    GLUE = "AWS Glue" "AWSGlue", "Analytics" / "Data Processing", "Job" "glue:job/";
    ATHENA = "Amazon Athena" "AmazonAthena", "Analytics" / "Analytics Platforms", "Workgroup" "athena:workgroup/";
    KMS = "AWS Key Management Service" "awskms", "Security" / "Identity and Access Management", "Key" "kms:key/";
    GUARDDUTY = "Amazon GuardDuty" "AmazonGuardDuty", "Security" / "Threat Detection and Response", "Detector" "guardduty:detector/";
    SECURITY_HUB = "AWS Security Hub" "AWSSecurityHub", "Security" / "Security Posture Management", "Hub" "securityhub:hub/";
    WAF = "AWS WAF" "awswaf", "Security" / "Application Security", "Web ACL" "wafv2:webacl/";
    CLOUDWATCH = "AmazonCloudWatch" "AmazonCloudWatch", "Management and Governance" / "Observability", "Log Group" "logs:log-group:";
    AWS_SUPPORT = "AWS Support (Business)" "AWSSupportBusiness", "Other" / "Other (Other)", "" "";
    SAVINGS_PLANS = "Savings Plans for AWS Compute usage" "ComputeSavingsPlans", "Compute" / "Virtual Machines", "Savings Plan" "savingsplans:savingsplan/";
    MARKETPLACE = "Datadog Pro" "MP:datadog-pro", "Management and Governance" / "Observability", "" "";

    VM = "Virtual Machines" "Virtual Machines", "Compute" / "Virtual Machines", "Virtual machine" "Microsoft.Compute/virtualMachines";
    APP_SERVICE = "Azure App Service" "Azure App Service", "Web" / "Application Platforms", "App Service plan" "Microsoft.Web/serverfarms";
    SQL = "Azure SQL Database" "SQL Database", "Databases" / "Relational Databases", "SQL database" "Microsoft.Sql/servers/acme/databases";
    STORAGE = "Storage Accounts" "Storage", "Storage" / "Object Storage", "Storage account" "Microsoft.Storage/storageAccounts";
    FRONT_DOOR = "Azure Front Door" "Azure Front Door Service", "Networking" / "Content Delivery", "Front Door profile" "Microsoft.Cdn/profiles";
    DATABRICKS = "Azure Databricks" "Azure Databricks", "Analytics" / "Analytics Platforms", "Azure Databricks Service" "Microsoft.Databricks/workspaces";
    AZURE_ML = "Azure Machine Learning" "Azure Machine Learning", "AI and Machine Learning" / "Machine Learning", "Workspace" "Microsoft.MachineLearningServices/workspaces";
    OPENAI = "Azure OpenAI Service" "Foundry Models", "AI and Machine Learning" / "Generative AI", "Azure OpenAI" "Microsoft.CognitiveServices/accounts";
    VIRTUAL_WAN = "Virtual WAN" "Virtual WAN", "Networking" / "Network Connectivity", "Virtual WAN" "Microsoft.Network/virtualWans";
    DEFENDER = "Microsoft Defender for Cloud" "Microsoft Defender for Cloud", "Security" / "Security Posture Management", "Defender plan" "Microsoft.Security/pricings";
    BACKUP = "Azure Backup" "Backup", "Storage" / "Backup Storage", "Recovery Services vault" "Microsoft.RecoveryServices/vaults";
    MONITOR = "Azure Monitor" "Azure Monitor", "Management and Governance" / "Observability", "Log Analytics workspace" "Microsoft.OperationalInsights/workspaces";
    AZURE_SUPPORT = "Unified Support" "Support", "Other" / "Other (Other)", "" "";
}
