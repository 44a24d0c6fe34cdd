"""A Flask app as a tutorial has it; /call asks another service with Requests."""

import sys

import requests
from flask import Flask, jsonify, request

app = Flask(__name__)


@app.get("/")
def index():
    return jsonify(name="flask", host=request.host)


@app.get("/call")
def call():
    answer = requests.get(request.args["url"], timeout=10)
    return answer.text, answer.status_code


@app.post("/form")
def form():
    return jsonify(request.form.to_dict())


app.run("127.0.0.1", int(sys.argv[1]))
