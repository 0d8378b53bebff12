using System.Diagnostics;
using System.Diagnostics.Metrics;
using Coordination.Leases;

namespace Coordination.Diagnostics;

/// <summary>
/// The meter and the activity source, both named <c>Coordination</c>. Tags: <c>coordination.backend</c>, <c>coordination.primitive</c>,
/// <c>coordination.outcome</c>; never, on an instrument, the resource's name, of which there may be millions. Activities have it, as <c>coordination.resource</c>.
/// </summary>
internal sealed class CoordinationTelemetry : IDisposable
{
    public const string Name = "Coordination";

    private const string BackendTag = "coordination.backend";
    private const string PrimitiveTag = "coordination.primitive";
    private const string OutcomeTag = "coordination.outcome";

    private static readonly ActivitySource Source = new(Name);

    private readonly string _backend;
    private readonly Meter _meter;
    private readonly bool _ownsMeter;
    private readonly Histogram<double> _acquireDuration;
    private readonly Histogram<double> _holdDuration;
    private readonly UpDownCounter<long> _held;
    private readonly UpDownCounter<long> _waiting;
    private readonly Counter<long> _lost;
    private readonly Counter<long> _handOffs;
    private readonly Histogram<double> _renewalDuration;

    public CoordinationTelemetry(string backend, IMeterFactory? meterFactory)
    {
        _backend = backend;
        _ownsMeter = meterFactory is null;
        _meter = meterFactory?.Create(new MeterOptions(Name)) ?? new Meter(Name);
        _acquireDuration = _meter.CreateHistogram<double>(
            "coordination.acquire.duration", "s", "Time from the call to the lease, or to the end of the attempt.");
        _holdDuration = _meter.CreateHistogram<double>("coordination.hold.duration", "s", "Time from the grant of a lease to its end.");
        _held = _meter.CreateUpDownCounter<long>("coordination.leases.held", "{lease}", "Leases held now.");
        _waiting = _meter.CreateUpDownCounter<long>("coordination.waiters", "{waiter}", "Callers that wait for their turn now.");
        _lost = _meter.CreateCounter<long>("coordination.leases.lost", "{lease}", "Leases that were lost.");
        _handOffs = _meter.CreateCounter<long>("coordination.handoffs", "{hand-off}", "Grants that the server announced to a waiter.");
        _renewalDuration = _meter.CreateHistogram<double>("coordination.renewal.duration", "s", "Time of a renewal of a session with its claims.");
    }

    public Activity? StartAcquire(ClaimTemplate template)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var activity = Source.StartActivity("coordination.acquire", ActivityKind.Client);
        activity?.SetTag(BackendTag, _backend);
        activity?.SetTag(PrimitiveTag, template.Primitive.Name());
        activity?.SetTag("coordination.resource", template.Resource);
        return activity;
    }

    /// <param name="template">What was asked for.</param>
    /// <param name="claim">What is handed out, if anything.</param>
    /// <param name="took">The time from the call.</param>
    /// <param name="activity">The call's activity.</param>
    /// <param name="outcome">How the call ended.</param>
    public void Acquired(ClaimTemplate template, Claim? claim, TimeSpan took, Activity? activity, string outcome)
    {
        activity?.SetTag(OutcomeTag, outcome);
        if (_acquireDuration.Enabled)
        {
            _acquireDuration.Record(took.TotalSeconds, Tag(BackendTag, _backend), Tag(PrimitiveTag, template.Primitive.Name()), Tag(OutcomeTag, outcome));
        }

        if (claim is not null && claim.TryCount() && _held.Enabled)
        {
            _held.Add(1, Tag(BackendTag, _backend), Tag(PrimitiveTag, template.Primitive.Name()));
        }
    }

    /// <summary>A lease ended by release or detachment.</summary>
    public void Ended(Claim claim)
    {
        if (claim.TryUncount())
        {
            EndedCore(claim);
        }
    }

    /// <summary>A lease was lost. One that was lost before it was handed out was nobody's.</summary>
    public void Lost(Claim claim)
    {
        if (claim.TryUncount())
        {
            _lost.Add(1, Tag(BackendTag, _backend), Tag(PrimitiveTag, claim.Template.Primitive.Name()));
            EndedCore(claim);
        }
    }

    private void EndedCore(Claim claim)
    {
        if (_held.Enabled)
        {
            _held.Add(-1, Tag(BackendTag, _backend), Tag(PrimitiveTag, claim.Template.Primitive.Name()));
        }

        if (_holdDuration.Enabled)
        {
            var held = claim.Session.Engine.Clock.Now - claim.HeldSince;
            _holdDuration.Record(held.TotalSeconds, Tag(BackendTag, _backend), Tag(PrimitiveTag, claim.Template.Primitive.Name()));
        }
    }

    public void HandedOver() => _handOffs.Add(1, Tag(BackendTag, _backend));

    public void Renewed(TimeSpan took, bool succeeded)
    {
        if (_renewalDuration.Enabled)
        {
            _renewalDuration.Record(took.TotalSeconds, Tag(BackendTag, _backend), Tag(OutcomeTag, succeeded ? "renewed" : "failed"));
        }
    }

    public WaitingScope StartWaiting(Primitive primitive)
    {
        _waiting.Add(1, Tag(BackendTag, _backend), Tag(PrimitiveTag, primitive.Name()));
        return new WaitingScope(this, primitive);
    }

    public void Dispose()
    {
        // A factory's meter belongs to the factory.
        if (_ownsMeter)
        {
            _meter.Dispose();
        }
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    public readonly struct WaitingScope(CoordinationTelemetry telemetry, Primitive primitive) : IDisposable
    {
        public void Dispose() =>
            telemetry._waiting.Add(-1, Tag(BackendTag, telemetry._backend), Tag(PrimitiveTag, primitive.Name()));
    }

    public static class Outcome
    {
        public const string Acquired = "acquired";
        public const string TimedOut = "timed_out";
        public const string Cancelled = "cancelled";
        public const string Failed = "failed";
    }
}
