"""One file a page, named as in the sidebar. Streamlit runs them by path."""
