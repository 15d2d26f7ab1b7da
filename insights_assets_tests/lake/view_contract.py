"""What the views of the contract must show, and how many rows of them the small lake has."""

ENTITY = "account_id week name status effective_status daily_budget observed_at"
CONTRACT = {
    "accounts": "account_id name business_id currency timezone_name status",
    "campaigns": f"{ENTITY} campaign_id objective",
    "adsets": f"{ENTITY} adset_id campaign_id optimization_goal",
    "ads": f"{ENTITY} ad_id adset_id campaign_id optimization_goal",
    "creatives": "account_id week creative_id ad_id creative_type origin shown_from cards feed_videos urls_expire_at",
    "creative_performance": (
        "account_id week date creative_id creative_type status spend impressions clicks results revenue hook_rate "
        "video_p25_rate video_p50_rate video_p100_rate"
    ),
    "creative_aggregates": "account_id week creative_type status spend impressions roas hook_rate avg_ctr creatives",
    "creative_aggregates_daily": "account_id week date creative_type status spend impressions clicks orders revenue",
    "insights_daily": (
        "account_id week date campaign_id adset_id ad_id spend impressions reach clicks inline_link_clicks frequency "
        "is_settled"
    ),
    "insights_weekly": (
        "account_id week level entity_id spend impressions reach frequency clicks inline_link_clicks ctr cpm cpc "
        "quality_ranking quality_score engagement_ranking engagement_score conversion_ranking conversion_score "
        "is_complete is_settled"
    ),
    "meta_fatigue": "account_id week ad_id fatigue_level summary fatigued_ads observed_at",
    "meta_fatigue_comparison": "fatigue_level horizon_weeks ad_weeks accounts burnt_share mean_risk brier",
    "offline_conversions": "account_id week date level entity_id campaign_id event conversions revenue currency",
    "results_daily": ("account_id week date level entity_id result_family results result_value spend cpr is_primary"),
    "results_weekly": "account_id week level entity_id result_family results result_value spend cpr is_primary",
    "features": "account_id week level entity_id parent_id cpr_baseline cpr_delta_pct frequency_slope_pct",
    "anomalies": (
        "account_id week level entity_id anomaly_type metric direction current_value baseline_value delta_pct "
        "anomaly_score confidence severity likely_triggers preceding_deviations status"
    ),
    "anomaly_patterns": "account_id week level kind subject detail lead_weeks value baseline cases base q_value",
    "backtest_anomalies": "as_of method factor planted found found_share alerts_share",
    "tracking_health": "account_id week result_family results expected_results issues score status",
    "burnout_predictions": (
        "account_id week ad_id horizon_weeks risk_score risk_level predicted_cpr_change_pct lo_80 hi_80 top_drivers "
        "confidence model_version"
    ),
    "forecasts": "account_id week level entity_id metric ds mean lo_80 hi_80 lo_95 hi_95 model grain horizon currency",
    "prediction_scores": (
        "account_id week kind entity_id horizon predicted actual error in_interval level metric ds naive_error "
        "scaled_error"
    ),
    "prediction_accuracy": (
        "account_id week kind level metric grain horizon mae mase bias coverage_80 coverage_95 ratio_to_naive"
    ),
    "backtest_forecasts": "run_at account_id week model level metric grain horizon mase ratio_to_naive coverage_95",
    "classifications": "account_id week level entity_id tier confidence previous_tier direction source",
    "classification_feedback": "account_id week level entity_id tier until note created_at removed_at",
    "recommendations": (
        "account_id week level entity_id recommendation_type priority confidence action evidence expires_at"
    ),
    "recommendation_outcomes": (
        "account_id week level entity_id recommendation_type advice_week horizon_weeks followed cpr_change_pct "
        "siblings_cpr_change_pct"
    ),
    "burnout_weeks": "account_id week ad_id result_family creative_id spend results results_seen",
    "ad_lifecycle": "account_id week ad_id status cost_ratio recovery_probability survival median_weeks_left",
    "burnout_models": "model_version fitted_week first_pair_week last_pair_week training_pairs inputs",
    "backtest_burnout": "model horizon_weeks pairs auc average_precision brier calibration_error warned_share",
    "check_results": "table_name check_name account_id week passed severity failing_rows observed_at",
    "sync_log": (
        "account_id week step status error_type error_code error_subcode attempts duration_s rows retry_after"
    ),
    "sync_metrics": (
        "account_id day syncs sync_duration_median_s sync_duration_max_s error_share rate_limit_hits_per_hour coverage "
        "rows_per_second api_calls"
    ),
    "completeness": "account_id week metric age_days seen final ratio restated_share days evidence fleet_ratio factor",
    "refresh_plan": "account_id week lookback_days",
    "restatements": "account_id week ad_id date metric old_value new_value age_days observed_at",
    "quarantine": "account_id week table_name reason row observed_at",
    "creative_fatigue": "account_id week creative_id fatigue link_ctr_change_pct link_ctr_q cpr_change_pct cpr_q",
    "creative_lifecycle": "account_id week creative_id result_family status cost_ratio survival median_weeks_left",
    "top_creatives": "account_id week metric rank creative_id value spend spend_share_pct",
    "response_curves": "account_id week level entity_id verdict reason elasticity marginal_cpr average_cpr",
    "goal_drift": "account_id week kind subject goal previous_goal spend_share_pct share_before_pct trend cpr",
    "creative_analysis": "account_id week creative_id analysis label score text version",
    "yearly_audit": "account_id week result_family spend top_ads_results_pct ads_for_80_pct best_weeks worst_weeks",
    "spend_waste": "account_id week ad_id kind spend wasted_28d wasted_least_28d q_value",
    "revenue_daily": "account_id week date level entity_id spend purchases revenue revenue_7d_click offline_revenue",
    "roas": (
        "account_id week level entity_id currency spend revenue roas roas_1d_click roas_7d_click roas_28d_click "
        "roas_1d_view roas_with_offline offline_revenue cost_per_purchase"
    ),
    "roas_blended": "week currency accounts spend revenue roas roas_with_offline",
    "cost_per_action": "account_id week level entity_id action_type actions spend cost",
    "deletions": "deletion_id account_id first_week last_week deleted_by requested_at finished_at tables lifted_at",
    "alerts": "alert_id account_id kind severity subject opened_at status resolved_at",
    "alert_outbox": "message_id account_id sink created_at failed_attempts next_attempt_at delivered_at last_error",
}
# Rows of views over several tables.
THREE_LEVELS = ("insights_weekly", "features", "anomalies", "classifications", "recommendations")
# The small lake scores forecasts only: nothing to compare with Meta's label (assets/test_meta_fatigue.py does).
UNITED = {**dict.fromkeys(THREE_LEVELS, 6), "forecasts": 8, "roas": 8, "top_creatives": 12, "cost_per_action": 8}
UNITED |= {"meta_fatigue_comparison": 0}
# Of all accounts together, pooled.
FLEET = {"roas_blended", "backtest_anomalies", "backtest_burnout", "burnout_models", "meta_fatigue_comparison"}
