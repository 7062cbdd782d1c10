-- How many rows there are behind a part of a chart.
SELECT count(*)::BIGINT AS n FROM request_log WHERE {where}
