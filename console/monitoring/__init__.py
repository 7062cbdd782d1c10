"""
Parts of the monitoring pages.

    page_frame.py        access, range, comparison and refresh; one window for all panels of a page
    cached_queries.py    monitoring queries behind a TTL cache
    chart_panel.py       panels with an error boundary each; charts, exports, number formats
    traffic_filter.py    which traffic category is counted
    criticals.py         live banner of critical errors
    error_group_page.py  one error group in full
    request_trace.py     one request's trace
    saved_views.py       saved views of a page
    url_state.py         what is open on a page, in its address and its session
    navigation.py        the monitor's section of the navigation
"""
