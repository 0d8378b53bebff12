using System.Reflection;
using Coordination.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Coordination.Tests.Diagnostics;

/// <summary>Event ids are an interface: people filter and alert by them.</summary>
public sealed class LogTests
{
    [Fact]
    public void Event_ids_and_names_are_unique_and_as_documented()
    {
        (int, string?)[] documented =
        [
            (1001, "LeaseLost"),
            (1002, "ReleaseFailed"),
            (1003, "ReleaseGivenUp"),
            (1004, "RenewalFailed"),
            (1005, "SessionLost"),
            (1006, "SessionNotEnded"),
            (1007, "MaintenanceFailed"),
            (1008, "LostCallbackFailed"),
            (1009, "Unexpected"),
            (1010, "ObservationFailed"),
            (1100, "TermStarted"),
            (1101, "Resigned"),
            (1102, "TermLost"),
            (1103, "ServiceCompleted"),
            (1104, "ServiceFailed"),
            (1105, "ServiceFailedForGood"),
            (1106, "CampaignFailed"),
            (1107, "StopOverdue"),
            (1108, "ShutdownOverdue"),
        ];
        Assert.Equal(documented, Events().Select(static attribute => (attribute.EventId, attribute.EventName)).Order());
    }

    [Fact]
    public void The_page_on_telemetry_lists_each_event_with_its_name_and_level()
    {
        var page = Docs.RepositoryFiles.Read("docs/telemetry.md");
        Assert.All(Events(), attribute => Assert.Contains($"| {attribute.EventId} | `{attribute.EventName}` | {attribute.Level} |", page, StringComparison.Ordinal));
    }

    private static LoggerMessageAttribute[] Events() =>
    [
        .. typeof(CoordinationLog).Assembly.GetTypes()
            .SelectMany(static type => type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Select(static method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .OfType<LoggerMessageAttribute>(),
    ];
}
