"""The same contracts and the same SQL on an engine that speaks Spark Connect: Apache Spark, or Sail."""
