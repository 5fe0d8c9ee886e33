"""Flask app, pages, Folium maps and the command line."""
