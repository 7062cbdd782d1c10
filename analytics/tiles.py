"""
Tiles: mergeable histograms of latency by hour and day, which charts of long ranges read instead of rows.

A tile counts the requests of an hour, or of a day (UTC), by bucket of duration. Buckets grow by a fixed ratio (as in
DDSketch), so that any two tiles merge by adding, over hours, routes and processes, and a percentile from the sum is
within 1 % of the exact one. Nothing that does not merge is stored: no average, no percentile.

    tile_hour       by service, kind, category, route    tile_hour_all      the same without the route
    tile_day                                         tile_day_all
    total_hour      by service, kind, category and route: how many, errors, sum and greatest of durations, statements
"""

from dataclasses import dataclass

from core.telemetry.traffic_categories import derived

HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
RATIO = 1.01 / 0.99  # of one bucket's bound to the next, for a relative error of 1 %
BUCKET = f"ceil(ln(greatest(duration_us, 1)) / ln({RATIO!r}))::SMALLINT"
# A visitor who left is no failure of ours.
IS_ERROR = "(outcome <> 'client_gone' AND (status >= 500 OR outcome = 'error'))"


def categorised(source: str, *, has_route: bool = True) -> str:
    """SQL: a relation with a category in every row, also where its files are older than that column."""
    return (
        f"(SELECT * REPLACE ({derived(has_route=has_route)} AS category) FROM "
        f"((SELECT '' AS category LIMIT 0) UNION ALL BY NAME SELECT * FROM {source}))"
    )


def bucket_value_us(bucket: str = "bucket") -> str:
    """SQL: the duration that represents a bucket, within 1 % of all in it."""
    return f"(2 * pow({RATIO!r}, {bucket}) / ({RATIO!r} + 1))"


@dataclass(frozen=True)
class Tile:
    """A kind of tile, as the SQL that builds and merges it."""

    stream: str  # its name in the manifest
    period_us: int  # an hour or a day
    columns: tuple[str, ...]  # what it is split by, besides the time

    def build(self, rows: str) -> str:
        """SQL: this tile's rows from a relation with the columns of request_log."""
        at = f"at_us - at_us % {self.period_us} AS at_us"
        split, source = ", ".join(self.columns), categorised(rows)
        if self.stream == "total_hour":
            return (
                f"SELECT {at}, {split}, sum(weight)::BIGINT AS n, "
                f"coalesce(sum(weight) FILTER ({IS_ERROR}), 0)::BIGINT AS errors, "
                "sum(duration_us * weight)::BIGINT AS sum_us, max(duration_us)::BIGINT AS max_us, "
                "sum(db_us * weight)::BIGINT AS db_us, sum(db_count * weight)::BIGINT AS db_count "
                f"FROM {source} GROUP BY ALL"
            )
        return (
            f"SELECT {at}, {split}, {BUCKET} AS bucket, sum(weight)::INTEGER AS n, "
            f"coalesce(sum(weight) FILTER ({IS_ERROR}), 0)::INTEGER AS errors FROM {source} GROUP BY ALL"
        )

    def merge(self, tiles: str) -> str:
        """SQL: this tile's rows from a relation of several of them."""
        split = ", ".join(("at_us", *self.columns))
        source = self.readable(tiles)
        if self.stream == "total_hour":
            sums = ", ".join(
                f"{'max' if name == 'max_us' else 'sum'}({name})::BIGINT AS {name}"
                for name in ("n", "errors", "sum_us", "max_us", "db_us", "db_count")
            )
            return f"SELECT {split}, {sums} FROM {source} GROUP BY ALL ORDER BY at_us"
        return (
            f"SELECT {split}, bucket, sum(n)::INTEGER AS n, sum(errors)::INTEGER AS errors "
            f"FROM {source} GROUP BY ALL ORDER BY at_us, bucket"
        )

    def readable(self, source: str) -> str:
        """SQL: this tile's rows in a relation, whatever release wrote them."""
        return categorised(source, has_route="route" in self.columns)


BY_ROUTE, OVER_ALL = ("service", "kind", "category", "route"), ("service", "kind", "category")
TILES = {
    tile.stream: tile
    for tile in (
        Tile("tile_hour", HOUR_US, BY_ROUTE),
        Tile("tile_hour_all", HOUR_US, OVER_ALL),
        Tile("tile_day", DAY_US, BY_ROUTE),
        Tile("tile_day_all", DAY_US, OVER_ALL),
        Tile("total_hour", HOUR_US, BY_ROUTE),
    )
}
