PYTHON ?= python3
RUN := .venv/bin

.PHONY: demo stop test check unit models web

demo: ## Set everything up, start engine and service, answer one question
	@$(PYTHON) scripts/bootstrap.py demo
	@$(RUN)/python -m scripts.demo up

stop: ## Stop what `make demo` started
	@$(RUN)/python -m scripts.demo down

test: ## Set everything up, then run all checks and all tests
	@$(PYTHON) scripts/bootstrap.py test
	@$(RUN)/python -m scripts.models
	@$(MAKE) --no-print-directory check
	@cd rag_service/web && npm run --silent lint && npm run --silent typecheck && npm test --silent
	@$(RUN)/pytest

check: ## Formatting, lint, types, dependency rule
	@$(RUN)/ruff format --check .
	@$(RUN)/ruff check .
	@$(RUN)/mypy
	@$(RUN)/lint-imports

unit: ## Unit tests alone, in seconds
	@$(RUN)/pytest -m "not integration and not e2e"

models: ## Build the small models for machines without a model hub
	@$(RUN)/python -m scripts.models

web: ## Build the chat page
	@cd rag_service/web && npm ci --no-audit --no-fund && npm run build
