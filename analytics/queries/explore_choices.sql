-- What a measure can be narrowed to, the most frequent first.
SELECT {column} AS value, sum({weight}) AS n FROM {source} WHERE {where} GROUP BY 1 ORDER BY n DESC, value LIMIT 100
