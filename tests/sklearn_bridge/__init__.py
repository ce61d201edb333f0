"""The estimators against scikit-learn itself."""
