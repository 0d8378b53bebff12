using System.Diagnostics.CodeAnalysis;
using System.Threading.RateLimiting;

namespace Coordination.RateLimiting;

/// <summary>A permit as the framework's rate limiters show it, or a refusal with its reason.</summary>
internal sealed class SemaphoreRateLimitLease : RateLimitLease
{
    private readonly SemaphoreRateLimiter? _limiter;
    private readonly ILease? _permit;
    private readonly string? _reason;
    private int _isDisposed;

    /// <summary>A permit.</summary>
    public SemaphoreRateLimitLease(SemaphoreRateLimiter limiter, ILease permit)
    {
        _limiter = limiter;
        _permit = permit;
    }

    /// <summary>A refusal.</summary>
    public SemaphoreRateLimitLease(string reason) => _reason = reason;

    /// <summary>The answer to a call for no permit: there is one.</summary>
    public SemaphoreRateLimitLease()
    {
    }

    public override bool IsAcquired => _reason is null;

    public override IEnumerable<string> MetadataNames =>
        _permit is not null ? [SemaphoreRateLimitMetadata.Permit.Name] : _reason is not null ? [MetadataName.ReasonPhrase.Name] : [];

    public override bool TryGetMetadata(string metadataName, [NotNullWhen(true)] out object? metadata)
    {
        metadata = metadataName == SemaphoreRateLimitMetadata.Permit.Name ? _permit
            : metadataName == MetadataName.ReasonPhrase.Name ? _reason
            : null;
        return metadata is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (_permit is not null && Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _limiter!.GiveBack(_permit);
        }

        base.Dispose(disposing);
    }
}
