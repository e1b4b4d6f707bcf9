"""A blog on Flask, of the shape of Flask's tutorial."""

import os

from flask import Flask


def create_app(test_config=None):
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_mapping(
        SECRET_KEY="only-for-tests",
        DATABASE=os.environ["FLASKR_DATABASE"],
    )
    if test_config is not None:
        app.config.update(test_config)

    # The one page that needs nothing.
    @app.route("/hello")
    def hello():
        return "Hello, World!"

    from flaskr import api, auth, blog, db

    db.init_app(app)
    app.register_blueprint(auth.bp)
    app.register_blueprint(blog.bp)
    app.register_blueprint(api.bp, url_prefix="/api")
    app.add_url_rule("/", endpoint="index")
    return app
