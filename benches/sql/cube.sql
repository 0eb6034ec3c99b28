-- The benchmark's job as one straight statement of DuckDB. What stands in braces is filled in from
-- the rule list that costbook's YAML is printed from, too.
CREATE TEMP TABLE owners AS
SELECT id FROM read_csv('{project}/owners.csv', header = true, all_varchar = true);

CREATE TEMP TABLE cube AS
WITH tagged AS (
    -- every spelling of every governed key, in one pass over the JSON
    SELECT *, json_extract_string(Tags, [{tag_paths}]) AS tag
    FROM {source}
),
charges AS (
    SELECT
        {dimensions},
        ServiceName AS service,
        SubAccountId AS sub_account_id,
        SubAccountName AS sub_account_name,
        ChargeCategory AS charge_category,
        CAST(ChargePeriodStart AS DATE) AS day,
        BilledCost, EffectiveCost, ListCost, ContractedCost
    FROM tagged
),
decided AS (
    SELECT
        CASE
            {owner_cases}
            ELSE 'unallocated'
        END AS owner,
        *
    FROM charges
)
SELECT
    owner, service, sub_account_id, charge_category, day, environment,
    count(*) AS charges,
    {tag_counts},
    sum(BilledCost) AS billed_cost,
    sum(EffectiveCost) AS effective_cost,
    sum(ListCost) AS list_cost,
    sum(ContractedCost) AS contracted_cost
FROM decided
GROUP BY ALL;

SELECT
    count(*) AS cells,
    CAST(sum(charges) AS BIGINT) AS charges,
    {tag_totals},
    CAST(sum(CASE WHEN owner = 'unallocated' THEN charges ELSE 0 END) AS BIGINT) AS unallocated_charges,
    CAST(sum(billed_cost) AS VARCHAR) AS "BilledCost",
    CAST(sum(effective_cost) AS VARCHAR) AS "EffectiveCost",
    CAST(sum(list_cost) AS VARCHAR) AS "ListCost",
    CAST(sum(contracted_cost) AS VARCHAR) AS "ContractedCost"
FROM cube;
