"""The pages: what a clinician opens. Server-rendered, useful without JavaScript, and thin over the questions that the API asks, too.

address -> API's parameters -> questions -> View (what to show) -> template -> HTML. `rdwi site` renders the same views to files.
"""
