package caddymodule

import (
	"context"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
)

// heldFields are the fields of a logger, which wait for its first entry to be
// encoded. Caddy's proxy makes a logger for each request, which writes an entry
// when something goes wrong: to encode the request for each would take longer
// than the gate. It implements zapcore.ObjectEncoder.
type heldFields struct {
	// encoder has the fields before. Nothing is added to it unless it is settled:
	// loggers share it.
	encoder zapcore.Encoder
	fields  []zapcore.Field
	// settled: encoder is nobody else's and has all fields.
	settled bool
}

// roomForFields is as many fields as most loggers add to those of another.
const roomForFields = 4

func (h *heldFields) clone() heldFields {
	if h.settled {
		return heldFields{encoder: h.encoder.Clone()}
	}
	room := make([]zapcore.Field, 0, len(h.fields)+roomForFields)
	return heldFields{encoder: h.encoder, fields: append(room, h.fields...)}
}

// encodeEntry encodes what was held, and the fields of an entry behind it.
func (h *heldFields) encodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	if len(h.fields) > 0 {
		fields = slices.Concat(h.fields, fields)
	}
	return h.encoder.EncodeEntry(entry, places.hideIn(fields))
}

func (h *heldFields) hold(f zapcore.Field) {
	if h.settled {
		f.AddTo(h.encoder)
		return
	}
	h.fields = append(h.fields, f)
}

// settle encodes what was held, because of a field that can't wait: it may be
// another by the time of the entry, or adds to us while it is added.
func (h *heldFields) settle() zapcore.Encoder {
	if !h.settled {
		h.settled, h.encoder = true, h.encoder.Clone()
		for _, f := range places.hideIn(h.fields) {
			f.AddTo(h.encoder)
		}
		h.fields = nil
	}
	return h.encoder
}

func (h *heldFields) AddObject(key string, value zapcore.ObjectMarshaler) error {
	if request, ok := value.(caddyhttp.LoggableHTTPRequest); ok && request.Request != nil && !h.settled {
		h.hold(zap.Object(key, asItIs(request)))
		return nil
	}
	return h.settle().AddObject(key, places.hide(value))
}

// asItIs returns what is logged of a request, unchanged by what becomes of the
// request.
func asItIs(logged caddyhttp.LoggableHTTPRequest) caddyhttp.LoggableHTTPRequest {
	ctx := logged.Request.Context()
	address := caddyhttp.GetVar(ctx, caddyhttp.ClientIPVarKey)
	logged.Request = logged.Request.WithContext(knownClient{context.Background(), address})
	logged.Request.Header = logged.Request.Header.Clone()
	return logged
}

// knownClient is the context of a request of which nothing is known but the
// client's address, as Caddy has it.
type knownClient struct {
	context.Context
	address any
}

// Value implements context.Context.
func (k knownClient) Value(key any) any {
	if key == caddyhttp.VarsCtxKey && k.address != nil {
		return map[string]any{caddyhttp.ClientIPVarKey: k.address}
	}
	return nil
}

func (h *heldFields) AddArray(key string, value zapcore.ArrayMarshaler) error {
	return h.settle().AddArray(key, places.hideValues(key, value))
}
func (h *heldFields) AddReflected(key string, value any) error {
	return h.settle().AddReflected(key, value)
}
func (h *heldFields) AddBinary(key string, value []byte)     { h.settle().AddBinary(key, value) }
func (h *heldFields) AddByteString(key string, value []byte) { h.settle().AddByteString(key, value) }

func (h *heldFields) AddBool(key string, value bool)             { h.hold(zap.Bool(key, value)) }
func (h *heldFields) AddComplex128(key string, value complex128) { h.hold(zap.Complex128(key, value)) }
func (h *heldFields) AddComplex64(key string, value complex64)   { h.hold(zap.Complex64(key, value)) }
func (h *heldFields) AddDuration(key string, value time.Duration) {
	h.hold(zap.Duration(key, value))
}
func (h *heldFields) AddFloat64(key string, value float64) { h.hold(zap.Float64(key, value)) }
func (h *heldFields) AddFloat32(key string, value float32) { h.hold(zap.Float32(key, value)) }
func (h *heldFields) AddInt(key string, value int)         { h.hold(zap.Int(key, value)) }
func (h *heldFields) AddInt64(key string, value int64)     { h.hold(zap.Int64(key, value)) }
func (h *heldFields) AddInt32(key string, value int32)     { h.hold(zap.Int32(key, value)) }
func (h *heldFields) AddInt16(key string, value int16)     { h.hold(zap.Int16(key, value)) }
func (h *heldFields) AddInt8(key string, value int8)       { h.hold(zap.Int8(key, value)) }
func (h *heldFields) AddString(key, value string) {
	h.hold(zap.String(key, places.hideTarget(key, value)))
}
func (h *heldFields) AddTime(key string, value time.Time)  { h.hold(zap.Time(key, value)) }
func (h *heldFields) AddUint(key string, value uint)       { h.hold(zap.Uint(key, value)) }
func (h *heldFields) AddUint64(key string, value uint64)   { h.hold(zap.Uint64(key, value)) }
func (h *heldFields) AddUint32(key string, value uint32)   { h.hold(zap.Uint32(key, value)) }
func (h *heldFields) AddUint16(key string, value uint16)   { h.hold(zap.Uint16(key, value)) }
func (h *heldFields) AddUint8(key string, value uint8)     { h.hold(zap.Uint8(key, value)) }
func (h *heldFields) AddUintptr(key string, value uintptr) { h.hold(zap.Uintptr(key, value)) }
func (h *heldFields) OpenNamespace(key string)             { h.hold(zap.Namespace(key)) }
