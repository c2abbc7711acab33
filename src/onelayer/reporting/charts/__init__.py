"""Interactive charts, as plain dicts in the terms of plotly.js (https://plotly.com/javascript/reference)."""
