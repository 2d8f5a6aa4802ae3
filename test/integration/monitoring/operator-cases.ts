/** The situations that the operator itself is in. */
import { steady, type AlertCase } from './alert-case.ts';

export const operatorCases: readonly AlertCase[] = [
  {
    when: 'none leads',
    series: { 'jtel_operator_leader{}': steady(0), 'jtel_operator_lease_held{lease="a"}': steady(0) },
    fires: ['JtelOperatorNotLeading'],
    after: 30,
    operatorGone: true,
  },
  {
    when: 'looks fail',
    series: { 'jtel_operator_reconciles_total{controller="stack",outcome="error"}': '0+90xN' },
    fires: ['JtelOperatorErrors'],
    from: 1,
    after: 90,
  },
  {
    when: 'looks fail because the API does',
    series: {
      'jtel_operator_reconciles_total{controller="stack",outcome="error"}': '0+90xN',
      'jtel_operator_api_calls_total{method="GET",code="0"}': '0+600xN',
    },
    fires: ['JtelApiTrouble'],
    from: 1,
    after: 90,
  },
  {
    when: 'an object is put aside',
    series: { 'jtel_operator_quarantined_objects{controller="stack"}': steady(1) },
    fires: ['JtelQuarantined'],
    after: 60,
    says: {
      customer: 'all',
      summary: '2 objects of controller stack are put aside, because their looks fail or do not end',
    },
  },
  {
    when: 'no replica has put one aside',
    series: { 'jtel_operator_quarantined_objects{controller="stack"}': steady(0) },
    fires: [],
    after: 60,
  },
  {
    when: 'a right is missing',
    series: { 'jtel_operator_missing_rights{verb="list",resource="jtelstacks.jtel.de"}': steady(1) },
    fires: ['JtelRightMissing'],
    after: 90,
  },
  {
    when: 'objects wait',
    series: { 'jtel_operator_queue_depth{controller="stack",line="Periodic"}': steady(80) },
    fires: ['JtelOperatorBehind'],
    after: 90,
  },
  {
    when: 'more objects wait than should, for all replicas together only',
    series: {
      'jtel_operator_queue_depth{controller="stack",line="Asked"}': steady(10),
      'jtel_operator_queue_depth{controller="stack",line="Periodic"}': steady(16),
    },
    fires: ['JtelOperatorBehind'],
    after: 90,
    says: { customer: 'all', summary: '52 objects wait for controller stack' },
  },
  {
    when: 'as many objects wait as may, for all replicas together',
    series: {
      'jtel_operator_queue_depth{controller="stack",line="Asked"}': steady(10),
      'jtel_operator_queue_depth{controller="stack",line="Periodic"}': steady(15),
      'jtel_operator_queue_depth{controller="backup",line="Periodic"}': steady(15),
    },
    fires: [],
    after: 90,
  },
];
