{{/* Name of everything that belongs to one release. */}}
{{- define "jtel-operator.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "jtel-operator.selector" -}}
app.kubernetes.io/name: {{ include "jtel-operator.name" . }}
{{- end }}

{{- define "jtel-operator.labels" -}}
{{ include "jtel-operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: jtel
{{- end }}

{{- define "jtel-operator.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "jtel-operator.name" .) }}
{{- end }}

{{- define "jtel-operator.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{/* The key that releases are checked with; empty if none are, which has to be asked for. */}}
{{- define "jtel-operator.releaseKey" -}}
{{- with .Values.releases -}}
{{- if and .publicKey .allowUnsigned }}{{ fail "releases.publicKey and releases.allowUnsigned contradict each other: remove one of them" }}{{ end -}}
{{- if not (or .publicKey .allowUnsigned) }}{{ fail "releases.publicKey is required: PEM of the public key that your vendor signs releases with (docs/releases.md); to run releases that nobody signed, set releases.allowUnsigned" }}{{ end -}}
{{ .publicKey | trim }}
{{- end }}
{{- end }}

{{/* Condition of a policy: the request is the operator's. */}}
{{- define "jtel-operator.isItself" -}}
- name: by-this-operator
  expression: request.userInfo.username == 'system:serviceaccount:{{ .Release.Namespace }}:{{ include "jtel-operator.serviceAccount" . }}'
{{- end }}

{{/* Where stacks are, as a JSON list; empty with the scope Cluster. */}}
{{- define "jtel-operator.namespaces" -}}
{{- if eq .Values.scope "Namespaced" }}{{ .Values.namespaces | default (list .Release.Namespace) | uniq | toJson }}{{ else }}[]{{ end }}
{{- end }}

{{/* What stores and hosts may be, as arguments. */}}
{{- define "jtel-operator.endpointArgs" -}}
{{- range .Values.endpoints.clusterRanges }}
- --cluster-range={{ . }}
{{- end }}
{{- range .Values.endpoints.allowedRanges }}
- --allow-endpoint-range={{ . }}
{{- end }}
{{- end }}

{{/* What a restricted pod's container has to say. */}}
{{- define "jtel-operator.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "jtel-operator.podSecurity" -}}
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end }}
