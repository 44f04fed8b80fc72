package main

import "github.com/parley-chat/parley/internal/server"

// corsFlags say which pages may call participants' operations.
type corsFlags struct {
	CORS string `name:"cors" enum:"approved,open" env:"PARLEY_CORS" default:"approved" placeholder:"RULE" help:"Whose pages may call participants' operations: approved, those of the origins that the instance approves of, or everybody's while it has no such list; open, everybody's (${default})."`
}

func (f *corsFlags) apply(cfg *server.Config) { cfg.AnyOrigin = f.CORS == "open" }
