using Coordination.Leases;
using Microsoft.Extensions.Options;

namespace Coordination.Hosting;

/// <summary>Checks <see cref="LeaderElectedServiceOptions"/> when the host starts.</summary>
internal sealed class LeaderElectedServiceOptionsValidator : IValidateOptions<LeaderElectedServiceOptions>
{
    private static readonly TimeSpan MinDelay = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromDays(1);

    public ValidateOptionsResult Validate(string? name, LeaderElectedServiceOptions options)
    {
        var failures = Failures(options).Select(failure => $"The leader-elected service '{name}': {failure}").ToList();
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<string> Failures(LeaderElectedServiceOptions options)
    {
        if (options.Lease is { AutoRenew: false })
        {
            yield return $"{nameof(options.Lease)}.{nameof(LeaseOptions.AutoRenew)} must be true: a term has no end of its own.";
        }

        if (options.Candidate is { } candidate && CandidateFailure(candidate) is { } failure)
        {
            yield return failure;
        }

        if (!Enum.IsDefined(options.ExceptionBehavior))
        {
            yield return $"{nameof(options.ExceptionBehavior)} must be one of {string.Join(", ", Enum.GetNames<LeaderElectedServiceExceptionBehavior>())}.";
        }

        if (options.MinBackoff < MinDelay || options.MinBackoff > MaxDelay)
        {
            yield return $"{nameof(options.MinBackoff)} must be from 1 millisecond to 1 day, but is {options.MinBackoff}.";
        }

        if (options.MaxBackoff < options.MinBackoff || options.MaxBackoff > MaxDelay)
        {
            yield return $"{nameof(options.MaxBackoff)} must be from {nameof(options.MinBackoff)} ({options.MinBackoff}) to 1 day, but is {options.MaxBackoff}.";
        }
    }

    private static string? CandidateFailure(string candidate)
    {
        try
        {
            LeaseTerms.CheckValue(candidate, nameof(LeaderElectedServiceOptions.Candidate));
            return null;
        }
        catch (ArgumentException exception)
        {
            return exception.Message;
        }
    }
}
