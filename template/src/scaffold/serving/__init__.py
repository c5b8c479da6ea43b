"""What every API needs around its routes, and a page to try it: `create_app` in app.py."""
